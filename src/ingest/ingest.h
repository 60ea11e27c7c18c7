/*
 * From Kafka topics into tables, exactly once: `weir ingest`.
 *
 * One process runs every pipeline of the configuration, each with threads of its own
 * (src/ingest/pipeline.h draws them). The caller makes an ingest, may serve its metrics from any
 * thread while it runs, runs it to its end, and reports.
 */
#ifndef WEIR_INGEST_INGEST_H
#define WEIR_INGEST_INGEST_H

#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"

#include <stdbool.h>

struct ingest;

int ingest_new(struct ingest **out, const struct config *config, struct err *err);
void ingest_free(struct ingest *ingest);

/*
 * Run all pipelines until they end by themselves (--exit, --count), are told to stop by a signal
 * (base/signals.h), or halt. Errors of pipelines are logged as they occur. Returns the exit code:
 * 0, 1 when a pipeline halted or a partition stopped, 2 when its configuration proved wrong.
 */
int ingest_run(struct ingest *ingest);

/*
 * After ingest_run(): told to stop, and a thread hangs. It uses what the caller would release, so
 * after the report the process must leave with _exit().
 */
bool ingest_hangs(const struct ingest *ingest);

/* From any thread while it runs: Prometheus text; whether all is well; whether all have started. */
void ingest_metrics(struct ingest *ingest, struct buf *out);
bool ingest_healthy(struct ingest *ingest, struct buf *why_not);
bool ingest_ready(struct ingest *ingest, struct buf *why_not);

/* After ingest_run(): the summary as one JSON object (-J), or as text for a person. */
void ingest_report_json(struct ingest *ingest, struct buf *out);
void ingest_report_text(struct ingest *ingest, struct buf *out);

#endif
