/*
 * Questions to one broker and their answers, one after the other, over a connection of our own:
 * what probe.h and admin_brokers.h stand on. Of src/client alone.
 */
#ifndef WEIR_CLIENT_LINK_H
#define WEIR_CLIENT_LINK_H

#include "client/socket.h"
#include "wire/api_versions.h"

struct link {
    struct socket socket;
    struct security security;
    struct buf out;
    struct buf in; /* the last answer's frame */
    int32_t correlation_id;
    struct api_versions_response versions; /* in the arena that link_open() was given */
    int answer_ms;                         /* how long it took to come */
};

/*
 * Connect and ask for the versions, with which every connection begins. Close it anyway, but only
 * when what was read is no longer used. `err` is part of a sentence.
 */
enum probe_outcome link_open(struct link *link, const struct broker_address *broker,
                             const struct property *properties, size_t n, int64_t deadline_us,
                             struct arena *arena, struct err *err);
/*
 * Log in as the properties say, where they say so; only by PLAIN. A login that is refused can cost
 * its owner something, so nothing but a question that needs one asks for it.
 */
enum probe_outcome link_login(struct link *link, struct arena *arena, struct err *err);
void link_close(struct link *link);

/* The newest version of an API that both sides have; -1: there is none. */
int16_t link_version(const struct link *link, const struct wire_api *api);

/*
 * Ask. The answer borrows from `arena` and, its strings, from the link until the next call.
 * Which error codes it may hold is the API's matter.
 */
enum probe_outcome link_call(struct link *link, const struct wire_api *api, int16_t version,
                             void *request, struct arena *arena, void *response, struct err *err);

#endif
