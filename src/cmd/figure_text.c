#include "cmd/figure_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *grouped_text(struct arena *arena, int64_t number)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64,
                     number < 0 ? -(uint64_t)number : (uint64_t)number);
    char *text = arena_alloc(arena, 2 * sizeof digits);
    char *to = text;
    if (number < 0)
        *to++ = '-';
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    return text;
}

const char *measure_text(struct arena *arena, double value)
{
    if (fabs(value) >= 999.5)
        return grouped_text(arena, llround(value));
    char *text = arena_printf(arena, "%.*f",
                              fabs(value) < 0.1  ? 4
                              : fabs(value) < 10 ? 2
                                                 : 1,
                              value);
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '0')
        text[--len] = '\0';
    if (len > 0 && text[len - 1] == '.')
        text[--len] = '\0';
    return text;
}

struct unit {
    const char *name;
    int64_t factor;
};

const char *duration_text(struct arena *arena, int64_t ms)
{
    static const struct unit units[] = {
        {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    const size_t n = sizeof units / sizeof *units;
    size_t i = 0;
    while (i + 1 < n && ms < units[i].factor)
        i++;
    int64_t first = ms / units[i].factor;
    int64_t second = i + 1 < n ? ms % units[i].factor / units[i + 1].factor : 0;
    if (second == 0)
        return arena_printf(arena, "%" PRId64 "%s", first, units[i].name);
    return arena_printf(arena, "%" PRId64 "%s%" PRId64 "%s", first, units[i].name, second,
                        units[i + 1].name);
}

const char *size_text(struct arena *arena, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    double size = (double)bytes;
    while (i + 1 < sizeof units / sizeof *units && size >= 1024) {
        size /= 1024;
        i++;
    }
    return arena_printf(arena, "%.4g%s", size, units[i]);
}
