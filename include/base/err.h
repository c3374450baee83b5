/*
 * err.h - what a user did wrong, all of it, with its place.
 *
 * Code that finds a fault adds it to the caller's list and goes on; only app
 * prints.  Wording: no capital, no full stop, what is wrong first, what was
 * found in double quotes.
 *
 *     web.yaml:12:17: error: maxSurge and maxUnavailable are both 0: ...
 *        12 |       maxUnavailable: 0
 *           |                       ^
 *     web.yaml:11:17: note: maxSurge is set here
 *           = help: set one of them to at least 1
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/arena.h"

/* Result of what can fail for reasons outside the program. */
enum sim_code {
    SIM_OK = 0,
    SIM_INVALID = -1,           /* bad input; the err_list says what */
    SIM_SYSTEM = -2,            /* file, database or process; likewise */
};

/* A text that was read, kept for carets.  Normalised to UTF-8 and LF. */
struct source {
    const char *name;           /* as shown: a path, "-" or "--set" */
    const char *text;
    size_t len;                 /* bytes */
};

/* A place in a source.  line 0: the place is not known. */
struct mark {
    const struct source *source;
    int line, column;           /* from 1; columns count code points */
    int width;                  /* code points to underline, at least 1 */
};

enum err_level { ERR_ERROR, ERR_WARNING, ERR_INFO };

struct diag {
    enum err_level level;
    struct mark mark;
    const char *text;
    const char *help;           /* NULL or a concrete fix */
    const char *code;           /* NULL or a stable word: "no-readiness-probe" */
    const char *path;           /* NULL or the field: "spec.replicas" */
    const char *type;           /* NULL or Kubernetes' kind of fault: "Invalid" */
    struct mark note_mark;      /* the other place; line 0: none */
    const char *note;
};

#define ERR_MAX 20              /* kept per source and level; rest counted */

struct err_list {
    struct arena *arena;        /* texts live here */
    struct diag *items;
    size_t len, cap;
    int errors, warnings;       /* all of them, also those not kept */
    struct diag scratch;        /* the last one that was not kept */
};

/* An empty list that keeps its texts in a. */
void err_init(struct err_list *l, struct arena *a);

/* Add a fault at m (NULL: no place).  Returns the entry, so that help, note,
 * code, path and type can be set until the next err_add; never NULL (beyond
 * ERR_MAX of one source it is a scratch entry, counted and not shown). */
struct diag *err_add(struct err_list *l, enum err_level level,
                     const struct mark *m, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define err_error(l, m, ...) err_add((l), ERR_ERROR, (m), __VA_ARGS__)
#define err_warn(l, m, ...) err_add((l), ERR_WARNING, (m), __VA_ARGS__)

/* Attach `did you mean "..."?` if one of the candidates is near to word. */
void diag_suggest(struct err_list *l, struct diag *d, const char *word,
                  const char *const *candidates);

/* The same; if none is near, say which there are. */
void diag_choices(struct err_list *l, struct diag *d, const char *word,
                  const char *const *candidates);

/* Attach a formatted help line. */
void diag_help(struct err_list *l, struct diag *d, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Attach a note at another place. */
void diag_note(struct err_list *l, struct diag *d, const struct mark *m,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

enum err_format { ERR_HUMAN, ERR_JSON, ERR_GCC };

/* Print all entries, sorted by source (in order of first appearance) and
 * position.  ERR_HUMAN shows line and caret; ERR_GCC one line each; ERR_JSON
 * one object a line: file line column endColumn severity code message help. */
void err_print(const struct err_list *l, FILE *out, enum err_format format,
               bool colour);

#endif
