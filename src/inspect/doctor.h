/*
 * Will it work, before it runs: a pipeline's brokers, topics, records, database, table, state and
 * place in the topic, looked at in the order in which ingest would need them. What cannot be looked
 * at because something before it failed is told as skipped.
 *
 * Nothing is changed: no topic, group or offset at the brokers, no row, schema or setting in the
 * database (read-only transactions, no setup file is run).
 *
 * Bounded in time: a broker that does not answer costs a few seconds. One thread.
 */
#ifndef WEIR_INSPECT_DOCTOR_H
#define WEIR_INSPECT_DOCTOR_H

#include "base/config.h"
#include "inspect/finding.h"

#include <stddef.h>

/* `config` must outlive the findings, whose arena holds all the rest. */
void doctor_examine(const struct pipeline_config *config, size_t sample_records,
                    struct findings *findings);

#endif
