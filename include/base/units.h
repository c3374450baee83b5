/*
 * units.h - numbers with units, as people and Kubernetes write them.
 *
 * Parsers take the whole string or refuse it; they never stop half way and
 * never consult the locale.  They return false and leave *out alone on a
 * fault; *why (may be NULL) then says what was expected.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* "250ms", "1m30s", "1.5h", "0"; units ns us ms s m h d; never negative. */
bool parse_duration(const char *s, int64_t *ns, const char **why);

/* The shortest text that parse_duration reads back ("1m30s"). */
char *format_duration(char *room /* 32 bytes */, int64_t ns);

/* "200/s", "12/min", "3/h", or a bare number (per second); >= 0. */
bool parse_rate(const char *s, double *per_s, const char **why);

/* "4%", "0.04"; 0..1, or above if over is set ("150%"). */
bool parse_share(const char *s, bool over, double *share, const char **why);

/* A decimal number, whole string; no inf, nan, hex. */
bool parse_real(const char *s, double *out, const char **why);

/* A decimal, 0x or 0o integer, whole string; leading-zero octal and "1:30"
 * are refused. */
bool parse_int(const char *s, int64_t *out, const char **why);

/* A Kubernetes quantity (reference 11.4): kept exactly as mantissa times a
 * power; beyond what int64 nano-units or whole units can hold it is clamped
 * as apimachinery clamps it. */
struct quantity {
    __extension__ __int128 nano; /* the value in 10^-9 units */
    bool binary;                /* written with Ki Mi ..., so printed so */
    bool exponent;              /* written with e3, so printed so */
    bool capital;               /* ... or with E3 */
};
bool parse_quantity(const char *s, struct quantity *q, const char **why);
int64_t quantity_value(struct quantity q);      /* rounded up to units */
int64_t quantity_milli(struct quantity q);      /* rounded up to 1/1000 */
char *format_quantity(struct arena *a, struct quantity q);  /* canonical */

/* Kubernetes' IntOrString where a percentage is allowed. */
struct int_or_percent {
    bool percent;
    int value;                  /* count, or percent points */
};

/* "3" or 3 -> count only if is_string is false; "30%" -> percent. */
bool parse_int_or_percent(const char *s, bool is_string,
                          struct int_or_percent *out, const char **why);

/* v of total; percentages round up or down; counts are not scaled. */
int int_or_percent_of(struct int_or_percent v, int total, bool round_up);

/* ^[0-9]+%$ */
bool is_valid_percent(const char *s);

#endif
