#include "inspect/draft_type.h"

#include "inspect/trial.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DOUBLE_DIGITS 17 /* that tell every double from its neighbours */
#define AMOUNT_DECIMALS 4
#define VALUE_MAX_BYTES ((size_t)1 << 28)

#define TYPE(kind, sql)                                                                            \
    {                                                                                              \
        .type = (kind), .type_name = (sql), .bare_type = (sql), .precision = -1                    \
    }

static const struct column TEXT = TYPE(TYPE_TEXT, "text");
static const struct column BOOLEAN = TYPE(TYPE_BOOL, "boolean");
static const struct column BIGINT = TYPE(TYPE_INT8, "bigint");
static const struct column DOUBLE = TYPE(TYPE_FLOAT8, "double precision");
static const struct column NUMERIC = {.type = TYPE_NUMERIC,
                                      .type_name = "numeric",
                                      .bare_type = "numeric"};
static const struct column UUID = TYPE(TYPE_UUID, "uuid");
static const struct column MACADDR = TYPE(TYPE_MACADDR, "macaddr");
static const struct column INET = TYPE(TYPE_INET, "inet");
static const struct column DATE = TYPE(TYPE_DATE, "date");
static const struct column TIMESTAMP = TYPE(TYPE_TIMESTAMP, "timestamp");
static const struct column TIMESTAMPTZ = TYPE(TYPE_TIMESTAMPTZ, "timestamptz");
static const struct column JSONB = TYPE(TYPE_JSONB, "jsonb");
static const struct column JSON = TYPE(TYPE_JSON, "json");

/* Forms of strings; a bit is taken away by the first that has not the form. */
enum form {
    FORM_UUID = 1,
    FORM_MACADDR = 2,
    FORM_INET = 4,
    FORM_DATE = 8,
    FORM_TIMESTAMP = 16,
    FORM_ALL = 31,
};

/* What all values together are like. */
struct facts {
    size_t booleans;
    size_t numbers;
    size_t strings;
    size_t containers;
    bool whole; /* no number has a point or an exponent */
    bool exponent;
    size_t digits;   /* of the number that has most, */
    size_t decimals; /* and of these behind the point */
    unsigned forms;
    bool offset; /* a timestamp names one */
};

/* `9`: a digit, `x`: a hexadecimal one, all else stands for itself; the text begins so. */
static bool begins_like(struct slice text, const char *pattern)
{
    for (size_t i = 0; pattern[i]; i++) {
        if (i == text.len)
            return false;
        unsigned char c = (unsigned char)text.ptr[i];
        bool fits = pattern[i] == '9'   ? isdigit(c) != 0
                    : pattern[i] == 'x' ? isxdigit(c) != 0
                                        : pattern[i] == (char)c;
        if (!fits)
            return false;
    }
    return true;
}

static bool is_like(struct slice text, const char *pattern)
{
    return text.len == strlen(pattern) && begins_like(text, pattern);
}

static bool is_timestamp(struct slice text)
{
    return begins_like(text, "9999-99-99T99:99") || begins_like(text, "9999-99-99 99:99");
}

/* Of a timestamp: Z, or a sign behind the time. */
static bool names_offset(struct slice text)
{
    for (size_t i = strlen("9999-99-99T99:99"); i < text.len; i++)
        if (strchr("Zz+-", text.ptr[i]))
            return true;
    return false;
}

static unsigned forms_of(struct slice text)
{
    unsigned forms = 0;
    if (is_like(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"))
        forms |= FORM_UUID;
    if (is_like(text, "xx:xx:xx:xx:xx:xx") || is_like(text, "xx-xx-xx-xx-xx-xx"))
        forms |= FORM_MACADDR;
    if (text.len >= 3 && (memchr(text.ptr, ':', text.len) || memchr(text.ptr, '.', text.len)))
        forms |= FORM_INET;
    if (is_like(text, "9999-99-99"))
        forms |= FORM_DATE;
    if (is_timestamp(text))
        forms |= FORM_TIMESTAMP;
    return forms;
}

static void add_number(struct facts *facts, struct slice text)
{
    size_t digits = 0;
    size_t decimals = 0;
    bool point = false;
    size_t i = 0;
    for (; i < text.len && text.ptr[i] != 'e' && text.ptr[i] != 'E'; i++) {
        point |= text.ptr[i] == '.';
        bool digit = isdigit((unsigned char)text.ptr[i]) != 0;
        digits += digit && (digits > 0 || text.ptr[i] != '0');
        decimals += digit && point;
    }
    facts->numbers++;
    facts->whole &= !point && i == text.len;
    facts->exponent |= i < text.len;
    if (digits > facts->digits)
        facts->digits = digits;
    if (decimals > facts->decimals)
        facts->decimals = decimals;
}

static void add_string(struct facts *facts, struct slice text)
{
    facts->strings++;
    facts->forms &= forms_of(text);
    facts->offset |= is_timestamp(text) && names_offset(text);
}

static struct facts facts_of(const struct slice *values, size_t n)
{
    struct facts facts = {.whole = true, .forms = FORM_ALL};
    for (size_t i = 0; i < n; i++) {
        struct slice value = values[i];
        switch (*value.ptr) {
        case '"':
            add_string(&facts, (struct slice){value.ptr + 1, value.len - 2});
            break;
        case '{':
        case '[':
            facts.containers++;
            break;
        case 't':
        case 'f':
            facts.booleans++;
            break;
        default:
            add_number(&facts, value);
        }
    }
    return facts;
}

/* Whether a column of that type takes every value, by the encoder. */
static bool holds(const struct column *type, const struct slice *values, size_t n)
{
    struct column column = *type;
    column.name = "v";
    const struct table table = {.quoted = "v", .columns = &column, .n_columns = 1};
    const struct row_policy policy = {.on_nul = NUL_DEAD};
    struct err err;
    struct trial *trial = NULL;
    struct buf text;
    bool all = trial_open(&trial, &table, &policy, 0, NULL, &err) == 0;
    buf_init(&text, VALUE_MAX_BYTES);
    for (size_t i = 0; i < n && all; i++) {
        struct row_reason reason;
        buf_clear(&text);
        buf_add_str(&text, "{\"v\":");
        buf_add_slice(&text, values[i]);
        buf_add_byte(&text, '}');
        const struct record record = {.topic = "", .value = buf_slice(&text)};
        all = trial_run(trial, &record, &reason) == ROW_STORED;
    }
    trial_free(trial);
    buf_release(&text);
    return all;
}

static const struct column *number_type(const struct facts *facts, const struct slice *values,
                                        size_t n)
{
    bool exact =
        facts->digits > DOUBLE_DIGITS || (!facts->exponent && facts->decimals <= AMOUNT_DECIMALS);
    if (facts->whole && holds(&BIGINT, values, n))
        return &BIGINT;
    if (!facts->whole && !exact && holds(&DOUBLE, values, n))
        return &DOUBLE;
    return holds(&NUMERIC, values, n) ? &NUMERIC : &TEXT;
}

static const struct column *string_type(const struct facts *facts, const struct slice *values,
                                        size_t n)
{
    const struct {
        unsigned form;
        const struct column *type;
    } choices[] = {
        {FORM_UUID, &UUID}, {FORM_MACADDR, &MACADDR},
        {FORM_DATE, &DATE}, {FORM_TIMESTAMP, facts->offset ? &TIMESTAMPTZ : &TIMESTAMP},
        {FORM_INET, &INET},
    };
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if ((facts->forms & choices[i].form) && holds(choices[i].type, values, n))
            return choices[i].type;
    return &TEXT;
}

struct slice draft_value_text(const struct json_value *value)
{
    if (value->type != JSON_STRING)
        return value->raw;
    return (struct slice){value->raw.ptr - 1, value->raw.len + 2};
}

const struct column *draft_type(const struct slice *values, size_t n)
{
    const struct facts facts = facts_of(values, n);
    const struct column *type = &TEXT;
    if (n == 0)
        return type;
    if (facts.containers > 0)
        type = &JSONB;
    else if (facts.booleans == n)
        type = &BOOLEAN;
    else if (facts.numbers == n)
        type = number_type(&facts, values, n);
    else if (facts.strings == n)
        type = string_type(&facts, values, n);
    return holds(type, values, n) ? type : &JSON;
}
