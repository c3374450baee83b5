/*
 * field.h - tables that say what a document may contain.
 *
 * One row per key: type, default as the user writes it, range, unit, one
 * sentence, and where the value goes.  The same table binds a value tree into
 * a struct, fills in defaults, and prints help and JSON Schema, so these
 * cannot drift apart.
 */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

enum field_type {
    FIELD_T_END,
    FIELD_T_BOOL,               /* bool */
    FIELD_T_INT,                /* int64_t */
    FIELD_T_INT32,              /* int */
    FIELD_T_REAL,               /* double */
    FIELD_T_STRING,             /* const char *; NULL if absent, no default */
    FIELD_T_ENUM,               /* int: index into names */
    FIELD_T_DURATION,           /* int64_t ns */
    FIELD_T_RATE,               /* double, per second */
    FIELD_T_SHARE,              /* double, 0..1 (up to max) */
    FIELD_T_QUANTITY,           /* struct quantity */
    FIELD_T_INT_OR_PERCENT,     /* struct int_or_percent */
    FIELD_T_OBJECT,             /* struct bound by sub, in place */
    FIELD_T_OPTIONAL,           /* pointer to such a struct; NULL if absent */
    FIELD_T_LIST,               /* struct field_list of structs by sub */
    FIELD_T_MAP,                /* struct field_map of structs by sub */
    FIELD_T_STRINGS,            /* struct field_list of const char * */
    FIELD_T_LABELS,             /* struct field_map of const char * */
    FIELD_T_VALUE,              /* const struct value *, unread; NULL absent */
    FIELD_T_CUSTOM,             /* whatever parse fills */
    FIELD_T_IGNORED,            /* known, accepted, not simulated: reported */
};

/* Flags. */
enum {
    FIELD_REQUIRED = 1,         /* absent or null is an error */
    FIELD_EXCLUSIVE = 2,        /* min and max themselves are not allowed */
    FIELD_QUIET = 4,            /* FIELD_T_IGNORED: no report, it cannot matter */
    FIELD_OVER = 8,             /* FIELD_T_SHARE: may exceed 100 % */
};

struct field_list {
    void *items;                /* array of sub_size, or of const char * */
    size_t len;
    struct mark mark;           /* of the list; line 0 if absent */
};

struct field_map {
    const char *const *keys;
    void *items;                /* array of sub_size, or of const char * */
    const struct mark *marks;   /* of the keys */
    size_t len;
};

struct binder;
struct field;

/* Parse v into out.  Faults go to b's list; returns false after one. */
typedef bool (*field_parse_fn)(struct binder *b, const struct value *v,
                               void *out);
/* Print the JSON Schema of such a value (an object). */
typedef void (*field_schema_fn)(FILE *out);

struct field {
    enum field_type type;
    const char *key;
    size_t offset;              /* of the value in the struct */
    const char *def;            /* default as written; NULL: zero or absent */
    double min, max;            /* closed range, in the unit of the value
                                 * (durations: seconds); both 0: no limit */
    const char *unit;           /* "s", "pods", "share", "-" */
    const char *doc;            /* one sentence */
    const struct field *sub;    /* OBJECT, OPTIONAL, LIST, MAP */
    size_t sub_size;
    const char *const *names;   /* ENUM: spellings, NULL-terminated */
    field_parse_fn parse;       /* CUSTOM */
    field_schema_fn schema;     /* CUSTOM */
    unsigned flags;
};

#define FIELD(T, st, member, key_, def_, min_, max_, unit_, doc_)             \
    { .type = FIELD_T_##T, .key = key_, .offset = offsetof(st, member),      \
      .def = def_, .min = min_, .max = max_, .unit = unit_, .doc = doc_ }
#define FIELD_ENUM(st, member, key_, def_, names_, doc_)                      \
    { .type = FIELD_T_ENUM, .key = key_, .offset = offsetof(st, member),     \
      .def = def_, .names = names_, .unit = "-", .doc = doc_ }
#define FIELD_SUB(T, st, member, key_, sub_, subtype_, doc_)                  \
    { .type = FIELD_T_##T, .key = key_, .offset = offsetof(st, member),      \
      .sub = sub_, .sub_size = sizeof(subtype_), .unit = "-", .doc = doc_ }
#define FIELD_CUSTOM(st, member, key_, def_, parse_, schema_, unit_, doc_)    \
    { .type = FIELD_T_CUSTOM, .key = key_, .offset = offsetof(st, member),   \
      .def = def_, .parse = parse_, .schema = schema_, .unit = unit_,        \
      .doc = doc_ }
#define FIELD_KNOWN(key_)                                                     \
    { .type = FIELD_T_IGNORED, .key = key_, .unit = "-",                     \
      .doc = "known to Kubernetes, not simulated" }
#define FIELD_SILENT(key_)                                                    \
    { .type = FIELD_T_IGNORED, .key = key_, .unit = "-",                     \
      .flags = FIELD_QUIET, .doc = "known to Kubernetes, without effect here" }
#define FIELD_END { .type = FIELD_T_END }

struct binder {
    struct arena *arena;        /* strings, lists and maps go here */
    struct err_list *errors;
    bool kubernetes;            /* unknown keys warn instead of failing; plain
                                 * yes/no/on/off are booleans */
    bool strict;                /* unknown and ignored keys are errors */
    bool quiet;                 /* say nothing about unknown or ignored keys */
    char path[256];             /* of the value being bound, for messages;
                                 * kept by field_bind */
    /* Reads the file called name (a scalar) as a sample of numbers into the
     * arena; adds the fault and returns false if it cannot.  NULL: files are
     * not to be had, and naming one is a fault. */
    bool (*load_sample)(struct binder *b, const struct value *name,
                        const double **x, size_t *n);
    void *ctx;                  /* for load_sample */
};

/* Bind map v (NULL or null: all defaults) into *out, zeroed by the caller, by
 * table.  Every fault is added to b->errors and binding goes on with the default.  Returns true if
 * nothing was wrong. */
bool field_bind(struct binder *b, const struct value *v,
                const struct field *table, void *out);

/* Set every field of *out, zeroed by the caller, to its default.  A default
 * that does not parse or lies outside its range is a BUG. */
void field_defaults(struct binder *b, const struct field *table, void *out);

/* For parse functions: go down to a key or an item of a list, so that
 * b->path, and the messages, name it.  Both return what field_leave needs. */
size_t field_enter(struct binder *b, const char *key);
size_t field_enter_item(struct binder *b, size_t i);
void field_leave(struct binder *b, size_t mark);

/* For parse functions: report that v is not what was expected. */
struct diag *field_expected(struct binder *b, const struct value *v,
                            const char *expected);

/* Human help: key, default, range, unit, sentence; sub-tables indented. */
void field_help(FILE *out, const struct field *table, int indent);
/* The same as a Markdown table with full paths. */
void field_markdown(FILE *out, const struct field *table, const char *prefix);
/* JSON Schema (draft 7) of the object that table describes. */
void field_schema(FILE *out, const struct field *table);

#endif
