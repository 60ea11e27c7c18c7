#include "sink/tzif.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* Counts are bounded by the file's size; the largest real file has about 4 KiB. */
#define FILE_MAX_BYTES ((size_t)256 * 1024)
#define MAX_OFFSET_S (26 * 3600)

struct header {
    unsigned version;
    size_t n_isut;
    size_t n_isstd;
    size_t n_leap;
    size_t n_times;
    size_t n_types;
    size_t n_chars;
};

static bool take(struct slice *from, size_t n, const unsigned char **out)
{
    if (n > from->len)
        return false;
    *out = (const unsigned char *)from->ptr;
    from->ptr += n;
    from->len -= n;
    return true;
}

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool read_header(struct slice *file, struct header *header)
{
    const unsigned char *p;
    if (!take(file, 44, &p) || memcmp(p, "TZif", 4) != 0)
        return false;
    *header = (struct header){.version = p[4] ? p[4] - '0' : 1,
                              .n_isut = be32(p + 20),
                              .n_isstd = be32(p + 24),
                              .n_leap = be32(p + 28),
                              .n_times = be32(p + 32),
                              .n_types = be32(p + 36),
                              .n_chars = be32(p + 40)};
    const size_t most = FILE_MAX_BYTES;
    return header->n_isut <= most && header->n_isstd <= most && header->n_leap <= most &&
           header->n_times <= most && header->n_types <= 256 && header->n_types > 0 &&
           header->n_chars <= most;
}

/* The changes themselves: times, then the type number of each, then the types' offsets. */
static bool read_changes(struct tz *tz, const struct header *h, const unsigned char *times,
                         const unsigned char *numbers, const unsigned char *types)
{
    tz->at = calloc(h->n_times + 1, sizeof *tz->at);
    tz->offset_s = calloc(h->n_times + 1, sizeof *tz->offset_s);
    if (!tz->at || !tz->offset_s)
        return false;
    tz->first_offset_s = (int32_t)be32(types);
    for (size_t i = 0; i < h->n_times; i++) {
        if (numbers[i] >= h->n_types)
            return false;
        tz->at[i] = be64(times + 8 * i);
        tz->offset_s[i] = (int32_t)be32(types + (size_t)6 * numbers[i]);
        if ((i > 0 && tz->at[i] <= tz->at[i - 1]) || tz->offset_s[i] < -MAX_OFFSET_S ||
            tz->offset_s[i] > MAX_OFFSET_S)
            return false;
    }
    tz->n_changes = h->n_times;
    return tz->first_offset_s >= -MAX_OFFSET_S && tz->first_offset_s <= MAX_OFFSET_S;
}

/* Skip or read a data block; times have `width` bytes. */
static bool read_block(struct tz *tz, struct slice *file, const struct header *h, size_t width)
{
    const unsigned char *times;
    const unsigned char *numbers;
    const unsigned char *types;
    const unsigned char *rest;
    size_t n_rest = h->n_chars + h->n_leap * (width + 4) + h->n_isstd + h->n_isut;
    if (!take(file, h->n_times * width, &times) || !take(file, h->n_times, &numbers) ||
        !take(file, h->n_types * 6, &types) || !take(file, n_rest, &rest))
        return false;
    return width != 8 || read_changes(tz, h, times, numbers, types);
}

static bool read_footer(struct tz *tz, struct slice file)
{
    if (file.len < 2 || file.ptr[0] != '\n')
        return false;
    const char *start = file.ptr + 1;
    const char *end = memchr(start, '\n', file.len - 1);
    if (!end)
        return false;
    tz->has_rule = end > start; /* empty: nothing is known about later times */
    return !tz->has_rule || tz_rule_parse(&tz->rule, (struct slice){start, (size_t)(end - start)});
}

bool tzif_parse(struct tz *tz, struct slice file)
{
    struct header first;
    struct header second;
    if (!read_header(&file, &first) || first.version < 2 || !read_block(tz, &file, &first, 4))
        return false;
    return read_header(&file, &second) && read_block(tz, &file, &second, 8) &&
           read_footer(tz, file);
}

/* Only names that lie below the database's folder. */
static bool is_zone_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "_+-/";
    size_t n = strlen(name);
    return n > 0 && n < 128 && strspn(name, allowed) == n && name[0] != '/';
}

static size_t read_file(const char *path, char *bytes, size_t max)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    size_t n = fread(bytes, 1, max, file);
    return fclose(file) == 0 ? n : 0;
}

static bool load(struct tz *tz, const char *name, const char *folder)
{
    char path[512];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    char *bytes = malloc(FILE_MAX_BYTES);
    bool ok = false;
    if (bytes && n > 0 && (size_t)n < sizeof path) {
        size_t len = read_file(path, bytes, FILE_MAX_BYTES);
        ok = len > 0 && tzif_parse(tz, (struct slice){bytes, len});
    }
    free(bytes);
    return ok;
}

/* Two digits at *p. */
static bool two_digits(const char **p, int max, int *out)
{
    if ((*p)[0] < '0' || (*p)[0] > '9' || (*p)[1] < '0' || (*p)[1] > '9')
        return false;
    *out = ((*p)[0] - '0') * 10 + ((*p)[1] - '0');
    *p += 2;
    return *out <= max;
}

/* ±hh, ±hhmm or ±hh:mm. */
static bool parse_fixed(const char *name, int32_t *offset_s)
{
    int hours = 0;
    int minutes = 0;
    const char *p = name + 1;
    if ((name[0] != '+' && name[0] != '-') || !two_digits(&p, 15, &hours))
        return false;
    p += *p == ':' && p[1];
    if (*p && (!two_digits(&p, 59, &minutes) || *p))
        return false;
    *offset_s = (hours * 3600 + minutes * 60) * (name[0] == '-' ? -1 : 1);
    return true;
}

static bool is_utc(const char *name)
{
    return strncasecmp(name, "GMT", 3) == 0 || strncasecmp(name, "UTC", 3) == 0;
}

/* "GMT+2", "utc-5:30": a person's way to write an offset. */
static bool parse_spoken(const char *name, int32_t *offset_s)
{
    char text[16];
    if (!is_utc(name))
        return false;
    const char *sign = name + 3;
    bool short_hours = *sign && sign[1] && (!sign[2] || sign[2] == ':');
    snprintf(text, sizeof text, "%.1s%s%.9s", sign, short_hours ? "0" : "", *sign ? sign + 1 : "");
    return parse_fixed(text, offset_s);
}

/* The nearest name, by its letters, would be Etc/GMT+2, which is the other side of the world. */
static int fail_spoken(const char *name, int32_t offset_s, struct err *err)
{
    int minutes = abs(offset_s) / 60;
    bool ahead = offset_s >= 0;
    char zone[80] = "";
    if (minutes == 0)
        return err_set(err, ERR_USAGE, "timezone: there is no time zone \"%s\"; it is UTC", name);
    if (minutes % 60 == 0)
        snprintf(zone, sizeof zone,
                 " (in names such as Etc/GMT%c%d the sign is the other way round)",
                 ahead ? '-' : '+', minutes / 60);
    return err_set(err, ERR_USAGE,
                   "timezone: there is no time zone \"%s\"; %c%02d:%02d is %s UTC%s", name,
                   ahead ? '+' : '-', minutes / 60, minutes % 60, ahead ? "ahead of" : "behind",
                   zone);
}

/* What is wrong with a name, and which one it may have been. */
static int fail_unknown(const char *name, const char *folder, struct err *err)
{
    char nearest[TZ_NAME_BYTES];
    int32_t offset_s;
    if (parse_spoken(name, &offset_s))
        return fail_spoken(name, offset_s, err);
    const char *sign = name + (is_utc(name) ? 3 : 0);
    if ((*sign == '+' || *sign == '-') && sign[1] >= '0' && sign[1] <= '9')
        return err_set(
            err, ERR_USAGE,
            "timezone: \"%s\" is no offset from UTC: write +02, +0530 or -05:30, at most "
            "15 hours and 59 minutes",
            name);
    if (tz_nearest(folder, name, nearest))
        return err_set(err, ERR_USAGE,
                       "timezone: there is no time zone \"%s\"; did you mean \"%s\"?", name,
                       nearest);
    return err_set(err, ERR_USAGE,
                   "timezone: there is no time zone \"%s\" in %s; give a name such as "
                   "Europe/Bucharest (package tzdata has them) or an offset such as +02:00",
                   name, folder);
}

int tz_open(struct tz **tz, const char *name, struct err *err)
{
    struct tz *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, ERR_BUG, "out of memory");
    const char *folder = getenv("TZDIR");
    if (!folder || !*folder)
        folder = "/usr/share/zoneinfo";
    bool ok = slice_eq_nocase(slice_of(name), SLICE_LIT("UTC")) ||
              parse_fixed(name, &made->first_offset_s) ||
              (is_zone_name(name) && load(made, name, folder));
    if (!ok) {
        tz_free(made);
        return fail_unknown(name, folder, err);
    }
    *tz = made;
    return 0;
}
