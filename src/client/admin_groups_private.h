/* What admin_groups*.c share. */
#ifndef WEIR_CLIENT_ADMIN_GROUPS_PRIVATE_H
#define WEIR_CLIENT_ADMIN_GROUPS_PRIVATE_H

#include "client/admin_groups.h"
#include "client/admin_private.h"

/* A fault that passes by itself: the coordinator is being elected, has moved, or reads its log. */
bool group_fault_passes(rd_kafka_resp_err_t code);
/* Sleeps a moment after such a fault; false when the time is over or the fault is another. */
bool group_worth_waiting(rd_kafka_resp_err_t code, int64_t deadline_us);
/* Until when such a fault is waited out. */
int64_t group_deadline_us(int timeout_ms);
/* The broker's word about a group, with its name and the next step. Returns -1. */
int group_fault(struct err *err, rd_kafka_resp_err_t code, const char *group, const char *words);

#endif
