#include "wire/message.h"

#include "wire/api_versions.h"

#include <assert.h>

static bool has_version(const struct wire_api *api, int16_t version)
{
    return version >= api->min_version && version <= api->max_version;
}

/*
 * Its client id keeps the old form in every version: an old broker must be able to read the header
 * of a newer ApiVersions request.
 */
static void request_header(struct wire_codec *codec, struct wire_request_header *header)
{
    wire_int16(codec, &header->api_key);
    wire_int16(codec, &header->api_version);
    wire_int32(codec, &header->correlation_id);
    bool flexible = codec->flexible;
    codec->flexible = false;
    wire_nullable_string(codec, &header->client_id);
    codec->flexible = flexible;
    wire_tags(codec, header, NULL, 0);
}

static void response_header(struct wire_codec *codec, const struct wire_api *api,
                            int32_t *correlation_id)
{
    wire_int32(codec, correlation_id);
    if (api->key != api_versions_api.key)
        wire_tags(codec, correlation_id, NULL, 0);
}

static struct wire_codec codec_of(const struct wire_api *api, int16_t version)
{
    assert(has_version(api, version));
    return (struct wire_codec){.version = version, .flexible = version >= api->first_flexible};
}

/* ---- writing ---- */

/* The size of what was written behind `start` goes before it; after a fault nothing stays. */
static int end_frame(struct wire_writer *writer, size_t start, const char *what,
                     const struct wire_api *api, int16_t version, struct err *err)
{
    struct buf *out = writer->out;
    const char *fault = wire_writer_fault(writer);
    if (fault) {
        buf_clear(out);
        out->len = start;
        return err_set(err, ERR_BUG, "%s%s of version %d cannot be written: %s", api->name, what,
                       version, fault);
    }
    size_t size = out->len - start - WIRE_SIZE_BYTES;
    for (int i = 0; i < WIRE_SIZE_BYTES; i++)
        out->data[start + (size_t)i] = (char)(size >> (24 - 8 * i));
    return 0;
}

int wire_write_request(struct buf *out, const struct wire_api *api,
                       const struct wire_request_header *header, void *request, struct err *err)
{
    struct wire_writer writer = wire_writer_to(out);
    struct wire_codec codec = codec_of(api, header->api_version);
    struct wire_request_header written = *header;
    size_t start = out->len;
    assert(header->api_key == api->key && !out->failed);
    codec.writer = &writer;
    wire_put_int32(&writer, 0);
    request_header(&codec, &written);
    api->request(&codec, request);
    return end_frame(&writer, start, "Request", api, header->api_version, err);
}

int wire_write_response(struct buf *out, const struct wire_api *api, int16_t version,
                        int32_t correlation_id, void *response, struct err *err)
{
    struct wire_writer writer = wire_writer_to(out);
    struct wire_codec codec = codec_of(api, version);
    size_t start = out->len;
    assert(!out->failed);
    codec.writer = &writer;
    wire_put_int32(&writer, 0);
    response_header(&codec, api, &correlation_id);
    api->response(&codec, response);
    return end_frame(&writer, start, "Response", api, version, err);
}

/* ---- reading ---- */

static int end_reading(struct wire_reader *reader, const char *what, const char *name,
                       int16_t version, struct err *err)
{
    if (!reader->fault && reader->left > 0)
        wire_reader_fail(reader, "the message goes on behind its end");
    if (!reader->fault)
        return 0;
    return err_set(err, ERR_INPUT, "%s%s of version %d, byte %zu: %s", name, what, version,
                   reader->fault_at, reader->fault);
}

int wire_read_response(struct slice frame, const struct wire_api *api, int16_t version,
                       struct arena *arena, int32_t *correlation_id, void *response,
                       struct err *err)
{
    struct wire_reader reader = wire_reader_of(frame);
    struct wire_codec codec = codec_of(api, version);
    codec.reader = &reader;
    codec.arena = arena;
    memset(response, 0, api->response_bytes);
    response_header(&codec, api, correlation_id);
    api->response(&codec, response);
    return end_reading(&reader, "Response", api->name, version, err);
}

int wire_peek_request(struct slice frame, struct wire_request_header *out, struct err *err)
{
    struct wire_reader reader = wire_reader_of(frame);
    struct wire_codec codec = {.reader = &reader};
    *out = (struct wire_request_header){0};
    request_header(&codec, out);
    reader.left = 0;
    return end_reading(&reader, "header", "request ", out->api_version, err);
}

int wire_read_request(struct slice frame, const struct wire_api *api, struct arena *arena,
                      struct wire_request_header *header, void *request, struct err *err)
{
    if (wire_peek_request(frame, header, err) != 0)
        return -1;
    assert(header->api_key == api->key);
    struct wire_reader reader = wire_reader_of(frame);
    struct wire_codec codec = codec_of(api, header->api_version);
    codec.reader = &reader;
    codec.arena = arena;
    memset(request, 0, api->request_bytes);
    request_header(&codec, header);
    api->request(&codec, request);
    return end_reading(&reader, "Request", api->name, header->api_version, err);
}
