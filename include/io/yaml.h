/*
 * yaml.h - YAML (and so JSON) text to value trees that know their places.
 *
 * Read through libyaml's events.  What libyaml lets pass and Kubernetes or
 * prudence does not is refused here: keys given twice, aliases that are
 * undefined, cyclic or explosive, custom tags, nesting without end, files
 * without end.  What libyaml says in its own words is said in the user's.
 */
#ifndef IO_YAML_H
#define IO_YAML_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "base/vec.h"

#define YAML_SIZE_MAX ((size_t)16 << 20) /* bytes of a file, unless allowed */
#define YAML_DEPTH_MAX 64       /* lists and mappings inside each other */
#define YAML_ALIAS_MAX 10000    /* uses of aliases in a stream */
#define YAML_VISIT_MAX 1000000  /* values reached through aliases, likewise */

struct yaml_doc {
    const struct value *root;   /* never null; aliased nodes are shared */
    struct mark start;          /* of its "---", or of its first value */
};

/* A word of a comment `# rollsim: allow WORD ...`. */
struct yaml_allow {
    const char *word;
    int line;
};

struct yaml_stream {
    const struct source *source;
    VEC(struct yaml_doc) docs;  /* without the empty ones */
    VEC(struct yaml_allow) allows;
};

/* Read the len bytes of text, which came from name, into *out; everything
 * lives in a.  More than YAML_SIZE_MAX bytes need allow_large.
 *
 * Merge keys (`<<: *base`, `<<: [*a, *b]`) are applied: explicit members win,
 * then earlier mappings; merged members come last and keep their own marks.
 * Plain `null`, `~` and nothing become VALUE_NULL, block scalars and `!!str`
 * count as quoted, every other scalar keeps its text.
 *
 * Returns SIM_OK, SIM_INVALID if anything was wrong with the text (reading
 * goes on after what is not a fault of syntax; *out then holds what could be
 * read), SIM_SYSTEM if libyaml ran out of memory. */
enum sim_code yaml_load(struct arena *a, const char *name, const char *text,
                        size_t len, bool allow_large, struct yaml_stream *out,
                        struct err_list *errors);

/* The same from a file, or from standard input if path is "-".  at: where
 * path was written, for the message if it cannot be read; may be NULL. */
enum sim_code yaml_load_file(struct arena *a, const char *path,
                             bool allow_large, const struct mark *at,
                             struct yaml_stream *out,
                             struct err_list *errors);

#endif
