/*
 * How much arrives per time unit: records counted between borders of time, of a topic or a table.
 *
 * What is counted lies in this struct whatever it was counted from, so that one rendering serves
 * all: `rate_topic.h` asks brokers for offsets at the borders (or reads every record), and
 * `rate_table.h` a database.
 *
 * Slots are half open, [from, to), in order and without gaps. The first and the last may be cut off
 * by the stretch that was asked for, the last may not be over, and of the first that has records
 * some may be deleted already: `whole` tells.
 */
#ifndef WEIR_INSPECT_RATE_H
#define WEIR_INSPECT_RATE_H

#include "base/err.h"
#include "inspect/borders.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATE_UNKNOWN (-1)
#define RATE_SILENT_MS 60000 /* of a stretch: less silence is no end of what arrives */

struct rate_slot {
    int64_t from_ms; /* since 1970-01-01T00:00:00Z */
    int64_t to_ms;
    bool whole; /* a unit's whole length, over, nothing known to be deleted, not where it ends */
    int64_t records;
    /* Only where all records were read; else RATE_UNKNOWN. */
    int64_t bytes; /* of keys and values */
    int64_t smallest;
    int64_t largest;
    int64_t distinct_keys; /* null is no key */
};

struct rate_partition {
    int32_t partition;
    int64_t records; /* of all slots together; RATE_UNKNOWN: it has no leader now */
};

/*
 * Counts at borders are exact where timestamps rise. A border lies before the first record that is
 * not older than it, so all before it are older; what may be out of place are records behind it.
 */
struct rate_disorder {
    bool looked;          /* false: LogAppendTime, everything was read, or a table */
    int64_t borders;      /* that were looked at: places in a partition */
    int64_t out_of_place; /* of them: a record soon behind the border is older than it */
    int64_t worst_ms;     /* how far, at most */
};

struct rate {
    enum time_unit_kind unit;
    const char *timezone;
    int64_t now_ms;
    /* Nothing was chosen: the slots are meant for all there is, and few lie outside of them. */
    bool everything;
    /* The oldest record's time, before which nothing could arrive; where it is known. */
    bool has_first;
    int64_t first_ms;
    bool some_deleted; /* it was not the first */
    /*
     * Where the counting ends, if not now: at the end of a stretch that was named and is over, or
     * lies in the future. What is behind the last slot until then holds nothing.
     */
    bool has_end;
    int64_t ends_ms;
    /* Nothing comes any more, as far as is known, and the newest record is of that time. */
    bool is_over;
    int64_t newest_ms;
    struct rate_slot *slots;
    size_t n_slots;
    struct rate_partition *partitions; /* none of a table */
    size_t n_partitions;
    bool exact; /* counted one by one */
    bool compacted;
    bool transactional; /* control records or aborted ones lie between: offsets are more than
                           records */
    bool append_time;   /* LogAppendTime: timestamps rise */
    bool untimed;       /* records without a timestamp (-1) were met */
    struct rate_disorder disorder;
    int64_t earlier; /* records before the first slot, and behind the last; RATE_UNKNOWN */
    int64_t later;
    bool has_earliest; /* of those before the first slot, where each was read: the oldest */
    int64_t earliest_ms;
    int64_t distinct_keys; /* of all slots together, where all records were read */
    bool keys_estimated;   /* those, or a slot's, within some 3 in 100 */
};

/*
 * Of whole slots alone, but the peak, which is of all. Where whole ones hold nothing and others
 * do, all figures are drawn from parts: from the first record on until now, so that what came at
 * once long ago weighs less and less. Where no slot holds anything and none is whole, nothing came
 * in all of the time that is over.
 */
struct rate_figures {
    bool of_whole;       /* not of parts */
    double now_per_unit; /* the last whole slot; of parts the average, or 0 after a unit of none */
    double average_per_unit;
    double peak;         /* records of the fullest slot; of parts, the average if that is more */
    int64_t peak_ms;     /* where it begins */
    bool peak_whole;     /* else it is so much at least, */
    bool peak_drawn;     /* or the average of parts */
    double per_day;      /* the average, over a day */
    int64_t measured_ms; /* how long a time the average is of; 0: nothing can be said */
    int64_t left_out;    /* records of slots that are not whole, if the average is of whole ones */
    double skew;         /* the largest partition's share over an even one; 1 is even, 0 unknown */
};

struct rate_figures rate_figures(const struct rate *rate);
/*
 * Of a rate whose last slot and now are newer than the rest: whether they change what the rest
 * says. The first has come, something comes again, or nothing has come for long enough.
 */
bool rate_ends_moved(const struct rate *rate);

#endif
