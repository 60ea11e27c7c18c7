/*
 * How fast one core turns the chapter's records into COPY rows, every check on.
 *
 *     row [-t] [-s SECONDS] [FILE]      FILE: records one a line; -t: text COPY
 *
 * Without FILE it makes records that look like the chapter's: what Faker's ro_RO gives, written by
 * Python's json.dumps (a blank behind each colon and comma, letters beyond ASCII escaped). Time is
 * CPU time, and the best of several rounds is printed, because the machine is shared.
 */
#include "sink/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define N_RECORDS 20000
#define RECORD_BYTES 1024
#define FLUSH_BYTES ((size_t)64 << 10)
#define ROUND_US 20000

static const struct column columns[] = {
    {.name = "person_name", .type = TYPE_VARCHAR, .max_chars = 50},
    {.name = "user_name", .type = TYPE_VARCHAR, .max_chars = 50},
    {.name = "email", .type = TYPE_VARCHAR, .max_chars = 50},
    {.name = "personal_number", .type = TYPE_INT8},
    {.name = "birth_date", .type = TYPE_VARCHAR, .max_chars = 50},
    {.name = "address", .type = TYPE_VARCHAR, .max_chars = 250},
    {.name = "phone_number", .type = TYPE_VARCHAR, .max_chars = 25},
    {.name = "mac_address", .type = TYPE_VARCHAR, .max_chars = 20},
    {.name = "ip_address", .type = TYPE_VARCHAR, .max_chars = 20},
    {.name = "iban", .type = TYPE_VARCHAR, .max_chars = 25},
    {.name = "accessed_at", .type = TYPE_VARCHAR, .max_chars = 50},
    {.name = "session_duration", .type = TYPE_INT4},
    {.name = "download_speed", .type = TYPE_INT4},
    {.name = "upload_speed", .type = TYPE_INT4},
    {.name = "consumed_traffic", .type = TYPE_INT4},
    {.name = "unique_id", .type = TYPE_VARCHAR, .max_chars = 50},
};
#define N_COLUMNS (sizeof columns / sizeof *columns)

static const char *const first_names[] = {"Gic\\u0103",     "Georgia", "Paraschiva",
                                          "\\u0218tefania", "Ion",     "Floren\\u021ba",
                                          "Maria",          "Valentin"};
static const char *const last_names[] = {"Florea", "Albu", "Oprea", "Dumitrescu", "Aanei", "Preda"};
static const char *const streets[] = {
    "Soseaua Pompiliu Oprea Nr. 30 Bl. 43  Sc. 53 Ap. 636, Rovinari", "Aleea Arian Aanei, Sibiu",
    "Soseaua Anca Popa, Ocna Mures", "Bulevardul Teodosie Nistor Nr. 7, Piatra Neam\\u021b"};
static const char *const domains[] = {"gmail.com", "acasa.ro", "post.ro", "yahoo.com"};

static uint32_t below(uint64_t *state, uint32_t limit)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*state >> 33) % limit;
}
#define PICK(names) (names)[below(state, sizeof(names) / sizeof *(names))]

static int make_record(uint64_t *state, char *out)
{
    const char *first = PICK(first_names);
    const char *last = PICK(last_names);
    const char *domain = PICK(domains);
    return snprintf(
        out, RECORD_BYTES,
        "{\"person_name\": \"%s %s\", \"user_name\": \"%s%s\", \"email\": \"%s%s@%s\", "
        "\"personal_number\": \"%u%06u%06u\", \"birth_date\": \"%u-%02u-%02u\", "
        "\"address\": \"%s, %06u\", \"phone_number\": \"07%02u %03u %03u\", "
        "\"mac_address\": \"%02x:%02x:%02x:%02x:%02x:%02x\", \"ip_address\": \"%u.%u.%u.%u\", "
        "\"iban\": \"RO%02uUKBD%08u%08u\", \"accessed_at\": \"2024-05-%02u %02u:%02u:%02u.%06u\", "
        "\"session_duration\": %u, \"download_speed\": %u, \"upload_speed\": %u, "
        "\"consumed_traffic\": %u, "
        "\"unique_id\": \"%08x-%04x-4%03x-a%03x-%06x%06x\"}",
        first, last, first, last, first, last, domain, 1 + below(state, 8), below(state, 1000000),
        below(state, 1000000), 1900 + below(state, 124), 1 + below(state, 12), 1 + below(state, 28),
        PICK(streets), below(state, 1000000), below(state, 100), below(state, 1000),
        below(state, 1000), below(state, 256), below(state, 256), below(state, 256),
        below(state, 256), below(state, 256), below(state, 256), below(state, 256),
        below(state, 256), below(state, 256), below(state, 256), below(state, 100),
        below(state, 100000000), below(state, 100000000), 1 + below(state, 28), below(state, 24),
        below(state, 60), below(state, 60), below(state, 1000000), below(state, 36001),
        below(state, 1001), below(state, 801), below(state, 2000001), below(state, UINT32_MAX),
        below(state, 65536), below(state, 4096), below(state, 4096), below(state, 1U << 24),
        below(state, 1U << 24));
}

struct input {
    struct buf bytes;
    struct record *records;
    size_t n;
};

static void add_record(struct input *input, const char *text, size_t len)
{
    input->records[input->n++] =
        (struct record){.topic = "bench", .value = {input->bytes.data + input->bytes.len, len}};
    buf_add(&input->bytes, text, len);
}

static void make_input(struct input *input)
{
    uint64_t state = 7;
    char text[RECORD_BYTES];
    for (int i = 0; i < N_RECORDS; i++)
        add_record(input, text, (size_t)make_record(&state, text));
}

static bool read_input(struct input *input, const char *path)
{
    char text[4 * RECORD_BYTES];
    FILE *file = fopen(path, "re");
    while (file && input->n < N_RECORDS && fgets(text, sizeof text, file))
        add_record(input, text, strcspn(text, "\n"));
    return file && fclose(file) == 0;
}

/* CPU time of this process, so that neighbours on the machine do not count. */
static int64_t cpu_us(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * INT64_C(1000000) + use.ru_utime.tv_usec +
           use.ru_stime.tv_usec;
}

/* All records once; returns how many became rows. */
static size_t encode_all(struct row_coder *coder, const struct input *input, struct row_sink *sink)
{
    size_t stored = 0;
    struct row_reason reason;
    unsigned shape;
    for (size_t i = 0; i < input->n; i++) {
        stored += row_encode(coder, &input->records[i], sink, &shape, &reason) == ROW_STORED;
        if (sink->tuples[0].len >= FLUSH_BYTES)
            buf_clear(&sink->tuples[0]);
    }
    return stored;
}

static void measure(const struct row_plan *plan, const struct input *input, double seconds)
{
    struct row_sink sink;
    struct row_coder *coder = row_coder_new(plan);
    int64_t end = cpu_us() + (int64_t)(seconds * 1e6);
    double best = 0;
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_init(&sink.tuples[i], (size_t)16 << 20);
    buf_init(&sink.single, (size_t)16 << 20);
    while (cpu_us() < end) {
        int64_t start = cpu_us();
        size_t stored = 0;
        while (cpu_us() - start < ROUND_US)
            stored += encode_all(coder, input, &sink);
        double rate = (double)stored / (double)(cpu_us() - start) * 1e6;
        best = rate > best ? rate : best;
    }
    double bytes = (double)input->bytes.len / (double)input->n;
    printf("%s COPY: %.2f GB/s, %.2f million records/s of %.0f bytes, %.0f ns each\n",
           row_plan_is_binary(plan) ? "binary" : "text", best * bytes / 1e9, best / 1e6, bytes,
           1e9 / best);
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_release(&sink.tuples[i]);
    buf_release(&sink.single);
    row_coder_free(coder);
}

int main(int argc, char **argv)
{
    struct column copy[N_COLUMNS];
    struct table table = {.columns = copy, .n_columns = N_COLUMNS, .quoted = "bench"};
    struct row_policy policy = {0};
    struct input input = {.records = calloc(N_RECORDS, sizeof *input.records)};
    struct row_plan *plan;
    struct err err;
    double seconds = 3;
    int option;
    while ((option = getopt(argc, argv, "ts:")) != -1) {
        policy.force_text = policy.force_text || option == 't';
        seconds = option == 's' ? atof(optarg) : seconds;
    }
    memcpy(copy, columns, sizeof columns);
    for (size_t i = 0; i < N_COLUMNS; i++)
        copy[i].type_name = "its type";
    buf_init(&input.bytes, (size_t)N_RECORDS * RECORD_BYTES * 4);
    if (!input.records || !buf_reserve(&input.bytes, (size_t)N_RECORDS * RECORD_BYTES * 4))
        return 1;
    if (optind < argc && !read_input(&input, argv[optind]))
        return 1;
    if (optind == argc)
        make_input(&input);
    if (row_plan_new(&plan, &table, &policy, &err) < 0)
        return 1;
    measure(plan, &input, seconds);
    row_plan_free(plan);
    buf_release(&input.bytes);
    free(input.records);
    return 0;
}
