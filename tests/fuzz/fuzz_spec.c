/*
 * Any bytes as a record spec: a place in the text for what is wrong, or records that are JSON
 * objects, no longer than was said, the same for the same seed, whether their fields are read or
 * not; what is read stands in the record. Cut short they are none.
 *
 * Input: a byte of options, then the YAML; behind a NUL, what is in each file that it names.
 */
#include "base/file.h"
#include "base/json.h"
#include "generate/put.h"
#include "generate/quote.h"
#include "generate/record.h"
#include "generate/source.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* As in fuzz_config.c: libfyaml forgets a buffer when a syntax error follows a long text. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml\n";
}

#define FILE_NAME "spec.yaml"
#define RECORDS 5
#define NEW_YEAR_US (INT64_C(1767225600) * 1000000)

enum { INDEPENDENT = 1, UTF8 = 2, USERS = 4 };

/* In place of the library's own: nothing of this machine is read. */
static struct slice named_file;

int file_read(struct buf *out, const char *path, struct err *err)
{
    if (named_file.len > out->max)
        return err_set(err, ERR_USAGE, "%s is larger", path);
    buf_add(out, named_file.ptr, named_file.len);
    return 0;
}

static void check_error(const struct err *err)
{
    assert(err->class == ERR_USAGE && !strncmp(err->text, FILE_NAME, strlen(FILE_NAME)));
}

static void check_record(struct slice record)
{
    struct json_value value;
    struct json_error error;
    assert(json_parse(record, &value, &error) == 0);
    assert(record.ptr[0] == '{' && record.ptr[record.len - 1] == '}');
    record.len--;
    assert(json_parse(record, &value, &error) < 0);
}

static void read_all(struct maker *maker, const struct record_spec *spec)
{
    struct err err;
    const char *why;
    size_t field;
    for (size_t i = 0; i < spec->n_fields; i++) {
        bool has_one = spec_has_one_value(&spec->fields[i], &why);
        assert((maker_field(maker, spec->fields[i].name, &field, &err) == 0) == has_one);
        assert(!has_one || field == i);
    }
}

/* Each field's text, escaped again, stands behind its name. */
static void check_values(const struct maker *maker, const struct record_spec *spec, bool utf8,
                         struct slice record)
{
    const char *why;
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (spec->fields[i].hidden || !spec_has_one_value(&spec->fields[i], &why))
            continue;
        struct slice raw = maker_value(maker, i);
        struct slice name = slice_of(spec->fields[i].label);
        if (!raw.ptr)
            continue;
        char *text = malloc(6 * (name.len + raw.len) + 6);
        assert(text);
        char *to = text;
        *to++ = '"';
        to = quote_put(to, name, utf8);
        to = put_bytes(to, "\": \"", maker_is_bare(maker, i) ? 3 : 4);
        to = quote_put(to, raw, utf8);
        assert(memmem(record.ptr, record.len, text, (size_t)(to - text)));
        free(text);
    }
}

/* Records into a buffer of exactly the size that was promised; where they end. */
static char *make_records(const struct record_spec *spec, const struct maker_options *options,
                          bool read, char **records, struct err *err)
{
    struct maker *maker;
    if (maker_new(&maker, spec, options, err) < 0)
        return NULL;
    if (read)
        read_all(maker, spec);
    size_t most = maker_record_bytes(maker);
    char *one = malloc(most);
    char *to = *records = malloc(RECORDS * most);
    assert(one && to);
    for (int i = 0; i < RECORDS; i++) {
        maker_set_long(maker, i == RECORDS - 1, MAKER_NO_FIELD);
        size_t n = (size_t)(maker_write(maker, NEW_YEAR_US + i * INT64_C(86400000000), one) - one);
        check_record((struct slice){one, n});
        if (read)
            check_values(maker, spec, options->utf8, (struct slice){one, n});
        memcpy(to, one, n);
        to += n;
    }
    free(one);
    maker_free(maker);
    return to;
}

static void check_spec(const struct record_spec *spec, const struct maker_options *options)
{
    struct err err;
    char *first = NULL;
    char *second = NULL;
    char *end = make_records(spec, options, false, &first, &err);
    if (!end) {
        check_error(&err);
        return;
    }
    size_t n = (size_t)(end - first);
    assert(make_records(spec, options, true, &second, &err) == second + n);
    assert(memcmp(first, second, n) == 0);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct record_spec spec;
    struct yaml_node *root = NULL;
    struct err err;
    if (size == 0)
        return 0;
    const struct maker_options options = {.seed = data[0],
                                          .utc = true,
                                          .independent = data[0] & INDEPENDENT,
                                          .utf8 = data[0] & UTF8,
                                          .users = data[0] & USERS ? 3 : 0};
    arena_init(&arena);
    const char *yaml = (const char *)data + 1;
    const struct slice text = {yaml, strnlen(yaml, size - 1)};
    size_t taken = text.len + (text.len < size - 1);
    named_file = (struct slice){yaml + taken, size - 1 - taken};
    if (yaml_load(&arena, FILE_NAME, text, &root, &err) < 0 ||
        spec_read(&spec, &arena, "fuzz", FILE_NAME, root, &err) < 0)
        check_error(&err);
    else
        check_spec(&spec, &options);
    arena_release(&arena);
    return 0;
}
