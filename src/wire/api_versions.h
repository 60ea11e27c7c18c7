/*
 * ApiVersions (key 18, versions 0 to 4): which APIs a broker has, in which versions, and from
 * version 3 on which features it knows and which its cluster has settled on (KIP-511, KIP-584).
 * Every connection may begin with it, before any authentication.
 */
#ifndef WEIR_WIRE_API_VERSIONS_H
#define WEIR_WIRE_API_VERSIONS_H

#include "wire/message.h"

struct api_versions_request {
    struct slice client_software_name; /* from version 3 on, and so the next */
    struct slice client_software_version;
};

struct api_version {
    int16_t api_key;
    int16_t min_version;
    int16_t max_version;
};

/* Levels that the broker's software knows. In version 3 those from 0 on are left out. */
struct supported_feature {
    struct slice name;
    int16_t min_version;
    int16_t max_version;
};

/* The levels that the cluster has settled on. */
struct finalized_feature {
    struct slice name;
    int16_t max_version_level;
    int16_t min_version_level;
};

/* A response with UNSUPPORTED_VERSION is always of version 0, whatever was asked for. */
struct api_versions_response {
    int16_t error_code;
    struct api_version *api_keys;
    size_t n_api_keys;
    int32_t throttle_time_ms;
    struct supported_feature *supported_features;
    size_t n_supported_features;
    int64_t finalized_features_epoch; /* -1: not known, and then the finalized ones mean nothing */
    struct finalized_feature *finalized_features;
    size_t n_finalized_features;
    bool zk_migration_ready;
};

extern const struct wire_api api_versions_api;

#endif
