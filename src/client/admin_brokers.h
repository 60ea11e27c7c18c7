/*
 * The brokers of a cluster, and what each alone knows. Blocking calls of an admin's owner, as in
 * client/admin.h.
 */
#ifndef WEIR_CLIENT_ADMIN_BROKERS_H
#define WEIR_CLIENT_ADMIN_BROKERS_H

#include "client/admin_topics.h"
#include "client/probe.h"
#include "wire/log_dirs.h"

/* As the cluster advertises them, from librdkafka's metadata, which has no racks. By id. */
int admin_brokers(struct admin *admin, struct arena *arena, int timeout_ms,
                  const struct probe_broker **out, size_t *n, struct err *err);

/*
 * Fill in `bytes` of every partition whose leader tells it (DescribeLogDirs): of its segments on
 * the leader's disks, so a topic of three replicas counts once. No librdkafka asks for it; each
 * broker is asked over a connection of our own (client/probe.h), with the same properties as the
 * admin. What is not told stays unknown, and that is no fault: with a login other than PLAIN
 * nothing is asked, and who may not describe the cluster is told nothing. -v says why.
 */
void admin_topics_bytes(struct admin *admin, const struct property *properties, size_t n_properties,
                        struct topic_list *topics, int timeout_ms);
/* The pure part of that: what a broker told of the partitions that it leads, and that are not only
 * moving in. */
void topic_list_keep_bytes(const struct topic_list *topics, int32_t broker,
                           const struct log_dirs_response *told);

#endif
