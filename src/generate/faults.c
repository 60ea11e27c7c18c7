#include "generate/faults.h"

#include "base/config.h"
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

static const char *const names[N_FAULTS] = {
    [FAULT_GARBAGE] = "garbage",   [FAULT_TRUNCATE] = "truncate",   [FAULT_NULL] = "null",
    [FAULT_TOO_LONG] = "too-long", [FAULT_DUPLICATE] = "duplicate", [FAULT_LATE] = "late",
};

#define PART_BYTES 64

static int fail_name(const char *name, struct err *err)
{
    const char *nearest = suggest_nearest(name, names, N_FAULTS);
    if (nearest)
        return err_set(err, ERR_USAGE, "no fault is called \"%s\"; did you mean \"%s\"?", name,
                       nearest);
    return err_set(err, ERR_USAGE,
                   "no fault is called \"%s\"; there are garbage, truncate, null, too-long, "
                   "duplicate and late",
                   name);
}

static int parse_one(char *part, uint64_t shares[N_FAULTS], struct err *err)
{
    double share = 0;
    size_t i = 0;
    char *equals = strchr(part, '=');
    if (!equals)
        return err_set(err, ERR_USAGE, "\"%s\" is not FAULT=SHARE, such as garbage=0.1%%", part);
    *equals = '\0';
    while (i < N_FAULTS && strcmp(names[i], part) != 0)
        i++;
    if (i == N_FAULTS)
        return fail_name(part, err);
    if (parse_share(equals + 1, &share, err) < 0)
        return err_prefix(err, "%s", part);
    if (shares[i] != UINT64_MAX)
        return err_set(err, ERR_USAGE, "%s is given twice", part);
    shares[i] = (uint64_t)(share * (double)RNG_SHARE_ONE + 0.5);
    return 0;
}

int faults_parse(const char *text, struct faults *faults, struct err *err)
{
    uint64_t shares[N_FAULTS];
    uint64_t total = 0;
    memset(shares, 0xff, sizeof shares);
    while (*text) {
        char part[PART_BYTES];
        size_t n = strcspn(text, ",");
        snprintf(part, sizeof part, "%.*s", (int)(n < sizeof part ? n : sizeof part - 1), text);
        if (parse_one(part, shares, err) < 0)
            return -1;
        text += n + (text[n] == ',');
        text += strspn(text, " ");
    }
    for (size_t i = 0; i < N_FAULTS; i++) {
        total += shares[i] == UINT64_MAX ? 0 : shares[i];
        faults->below[i] = total;
    }
    if (total > RNG_SHARE_ONE)
        return err_set(err, ERR_USAGE, "the faults' shares are more than 100%% together");
    return 0;
}

enum fault faults_draw(const struct faults *faults, struct rng *rng)
{
    if (faults->below[N_FAULTS - 1] == 0)
        return FAULT_NONE;
    uint64_t draw = rng_next(rng) >> 32;
    size_t i = 0;
    while (i < N_FAULTS && draw >= faults->below[i])
        i++;
    return (enum fault)i;
}

bool faults_has(const struct faults *faults, enum fault fault)
{
    return faults->below[fault] > (fault == 0 ? 0 : faults->below[fault - 1]);
}

const char *fault_name(enum fault fault)
{
    return fault == FAULT_NONE ? NULL : names[fault];
}
