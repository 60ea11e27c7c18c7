#include "wire/api_versions.h"

#include "wire/error.h"

#define API_VERSION_MIN_BYTES 6
#define FEATURE_MIN_BYTES 5

static void request(struct wire_codec *codec, void *message)
{
    struct api_versions_request *m = message;
    if (codec->version >= 3) {
        wire_string(codec, &m->client_software_name);
        wire_string(codec, &m->client_software_version);
    }
    wire_tags(codec, m, NULL, 0);
}

static void api_version(struct wire_codec *codec, struct api_version *v)
{
    wire_int16(codec, &v->api_key);
    wire_int16(codec, &v->min_version);
    wire_int16(codec, &v->max_version);
    wire_tags(codec, v, NULL, 0);
}

/* ---- the tagged fields ---- */

static bool has_supported(const void *message)
{
    return ((const struct api_versions_response *)message)->n_supported_features > 0;
}

static void supported(struct wire_codec *codec, void *message)
{
    struct api_versions_response *m = message;
    m->supported_features = wire_array(codec, m->supported_features, &m->n_supported_features,
                                       sizeof *m->supported_features, FEATURE_MIN_BYTES);
    for (size_t i = 0; i < m->n_supported_features; i++) {
        struct supported_feature *feature = &m->supported_features[i];
        wire_string(codec, &feature->name);
        wire_int16(codec, &feature->min_version);
        wire_int16(codec, &feature->max_version);
        wire_tags(codec, feature, NULL, 0);
    }
}

static bool has_epoch(const void *message)
{
    return ((const struct api_versions_response *)message)->finalized_features_epoch != -1;
}

static void epoch(struct wire_codec *codec, void *message)
{
    wire_int64(codec, &((struct api_versions_response *)message)->finalized_features_epoch);
}

static bool has_finalized(const void *message)
{
    return ((const struct api_versions_response *)message)->n_finalized_features > 0;
}

static void finalized(struct wire_codec *codec, void *message)
{
    struct api_versions_response *m = message;
    m->finalized_features = wire_array(codec, m->finalized_features, &m->n_finalized_features,
                                       sizeof *m->finalized_features, FEATURE_MIN_BYTES);
    for (size_t i = 0; i < m->n_finalized_features; i++) {
        struct finalized_feature *feature = &m->finalized_features[i];
        wire_string(codec, &feature->name);
        wire_int16(codec, &feature->max_version_level);
        wire_int16(codec, &feature->min_version_level);
        wire_tags(codec, feature, NULL, 0);
    }
}

static bool has_zk_migration(const void *message)
{
    return ((const struct api_versions_response *)message)->zk_migration_ready;
}

static void zk_migration(struct wire_codec *codec, void *message)
{
    wire_bool(codec, &((struct api_versions_response *)message)->zk_migration_ready);
}

static const struct wire_tag tags[] = {
    {0, has_supported, supported},
    {1, has_epoch, epoch},
    {2, has_finalized, finalized},
    {3, has_zk_migration, zk_migration},
};

static void response(struct wire_codec *codec, void *message)
{
    struct api_versions_response *m = message;
    if (wire_reads(codec))
        m->finalized_features_epoch = -1;
    wire_int16(codec, &m->error_code);
    if (m->error_code == WIRE_UNSUPPORTED_VERSION) {
        codec->version = 0;
        codec->flexible = false;
    }
    m->api_keys =
        wire_array(codec, m->api_keys, &m->n_api_keys, sizeof *m->api_keys, API_VERSION_MIN_BYTES);
    for (size_t i = 0; i < m->n_api_keys; i++)
        api_version(codec, &m->api_keys[i]);
    if (codec->version >= 1)
        wire_int32(codec, &m->throttle_time_ms);
    wire_tags(codec, m, tags, sizeof tags / sizeof *tags);
}

const struct wire_api api_versions_api = {
    .key = 18,
    .name = "ApiVersions",
    .min_version = 0,
    .max_version = 4,
    .first_flexible = 3,
    .request_bytes = sizeof(struct api_versions_request),
    .response_bytes = sizeof(struct api_versions_response),
    .request = request,
    .response = response,
};
