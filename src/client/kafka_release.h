/*
 * Which release of Kafka first had a level of metadata.version, or a version of an API.
 *
 * Sources: Kafka's MetadataVersion (org.apache.kafka.server.common; `kafka-features
 * version-mapping` prints it), and what ApiVersions answers from brokers of each release.
 */
#ifndef WEIR_CLIENT_KAFKA_RELEASE_H
#define WEIR_CLIENT_KAFKA_RELEASE_H

#include "client/probe.h"

/* "4.1-IV1"; NULL for a level that is not known. */
const char *kafka_metadata_release(int level);

/* The newest release, "2.8", of which the broker has what is new in it; never NULL. */
const char *kafka_api_release(const struct probe *probe);

#endif
