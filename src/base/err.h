/*
 * Errors as values.
 *
 * A function that can fail takes a `struct err *` from its caller's stack, returns 0 or -1
 * (or NULL for a pointer), and on failure fills the struct: what class of trouble it is, a
 * code of the system it came from, and one sentence that names the place and the next step.
 * Nothing here allocates; a long text is cut at the end, never overflowed.
 */
#ifndef WEIR_BASE_ERR_H
#define WEIR_BASE_ERR_H

enum err_class {
    ERR_NONE = 0,
    ERR_USAGE,  /* the command line or the configuration is wrong: exit 2 */
    ERR_INPUT,  /* data from outside is wrong; the same input fails again */
    ERR_OUTAGE, /* something is away or busy; the same call may pass later */
    ERR_HALT,   /* a person must act first; the message says how */
    ERR_BUG,    /* weir's own fault, or memory ran out */
};

struct err {
    enum err_class class;
    char code[16]; /* SQLSTATE, librdkafka's error name cut short, or "" */
    char text[2048];
};

/* Fill `err` and return -1, so that `return err_set(...)` reads as one thought. */
int err_set(struct err *err, enum err_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the code of the system that failed. */
int err_set_code(struct err *err, enum err_class class, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Put "what: " before the text of an error that is being passed up. Returns -1. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "usage", "input", "outage", "halt", "bug". */
const char *err_class_name(enum err_class class);

#endif
