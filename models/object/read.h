/*
 * read.h - reading Kubernetes objects, as the API server does: decode with
 * type checks, default, validate.  Private to models/object/.
 *
 * A shape is a table of the fields of one Kubernetes type.  shape_read lays
 * it over what a user wrote and returns the tree that the API server would
 * store: unknown fields warned of and dropped, values of the wrong type
 * reported (400 BadRequest) and dropped, defaults filled in, quantities and
 * booleans in one spelling.  Validation then walks that tree; struct at knows
 * the path of each place, so a fault says where it is.
 */
#ifndef MODELS_OBJECT_READ_H
#define MODELS_OBJECT_READ_H
#include "base/units.h"
#include "base/value.h"
#include "models/api.h"
#include "models/claim.h"
#include "models/podspec.h"

struct reader {
    struct arena *arena;
    struct err_list *errors;
    size_t first;               /* of its own faults in the list */
};

static inline struct reader reader_of(struct arena *a,
                                      struct err_list *errors)
{
    return (struct reader){ a, errors, errors->len };
}

/* ---- places ------------------------------------------------------------- */

/* A place in an object: its value, NULL if absent, and how one got there.
 * Lives on the stack; up must outlive it. */
struct at {
    const struct value *v;
    const struct at *up;
    const char *key;            /* field or entry; NULL: item */
    size_t index;               /* of an item */
    bool entry;                 /* key of a map: shown in brackets */
};

/* The top, whose path is given ("" for a whole object); a field of a map; an
 * item of a list; a member of a map.  What is not there has the value NULL,
 * and so has null. */
struct at at_root(const struct value *v, const char *path);
struct at at_field(const struct at *up, const char *key);
struct at at_item(const struct at *up, size_t i);
struct at at_entry(const struct at *up, size_t i);

/* Items of a list or members of a map; 0 for anything else. */
size_t at_len(const struct at *at);

/* Does the user say so, rather than a default (which has the mark of what is
 * around it)? */
bool is_written(const struct at *at);

/* Values of fields below up; the shape has made sure of their types. */
const char *get_text(const struct at *up, const char *key,
                     const char *fallback);
int64_t get_int(const struct at *up, const char *key, int64_t fallback);
bool get_bool(const struct at *up, const char *key, bool fallback);
struct int_or_percent get_int_or_percent(const struct at *up,
                                         const char *key);
const char *const *get_texts(struct arena *a, const struct at *up,
                             const char *key, size_t *n);

/* The same for the place itself. */
int64_t at_int(const struct at *at, int64_t fallback);

/* The index of word in names (NULL-terminated); -1 if absent. */
int word_index(const char *const *names, const char *word);

/* ---- faults ------------------------------------------------------------- */

/* Report a fault at a place, marked there or at the nearest place above that
 * was written.  type: "Invalid", "Required", ... */
struct diag *fault(struct reader *r, const struct at *at, const char *type,
                   const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct diag *fault_required(struct reader *r, const struct at *at);
struct diag *fault_forbidden(struct reader *r, const struct at *at,
                             const char *why);
/* The value is none of names (NULL-terminated). */
struct diag *fault_unsupported(struct reader *r, const struct at *at,
                               const char *const *names);
/* Known to Kubernetes, not simulated. */
void report_ignored(struct reader *r, const struct at *at);

/* ---- shapes ------------------------------------------------------------- */

enum shape_type {
    SHAPE_TEXT,
    SHAPE_INT,                  /* int32 */
    SHAPE_INT64,
    SHAPE_BOOL,
    SHAPE_QUANTITY,
    SHAPE_INT_OR_TEXT,
    SHAPE_TEXTS,                /* list of text */
    SHAPE_INTS,                 /* list of int32 */
    SHAPE_LABELS,               /* map to text */
    SHAPE_QUANTITIES,           /* map to quantities */
    SHAPE_OBJECT,
    SHAPE_LIST,                 /* of objects */
    SHAPE_ANY,                  /* not looked into */
};

enum shape_use {
    USE_READ,
    USE_KEEP,                   /* read; kept although it is empty, which Go
                                 * can tell from absent */
    USE_SILENT,                 /* cannot matter here */
    USE_REPORT,                 /* matters, is not simulated: say so */
    USE_DROP,                   /* the server's own: taken and forgotten */
};

struct shape;

struct shape_field {
    const char *key;            /* NULL ends the table */
    enum shape_type type;
    enum shape_use use;
    const struct shape *sub;    /* OBJECT, LIST */
    const char *def;            /* default as written; NULL: none */
};

struct shape {
    const struct shape_field *fields;
    /* Defaults that depend on other fields; may be NULL. */
    const struct value *(*complete)(struct arena *a, const struct value *v);
};

#define READ(type_, key_) { key_, SHAPE_##type_, USE_READ, NULL, NULL }
#define READ_DEF(type_, key_, def_)                                           \
    { key_, SHAPE_##type_, USE_READ, NULL, def_ }
#define KEEP(type_, key_, sub_) { key_, SHAPE_##type_, USE_KEEP, sub_, NULL }
#define SILENT(type_, key_) { key_, SHAPE_##type_, USE_SILENT, NULL, NULL }
#define SILENT_DEF(type_, key_, def_)                                         \
    { key_, SHAPE_##type_, USE_SILENT, NULL, def_ }
#define REPORT(type_, key_) { key_, SHAPE_##type_, USE_REPORT, NULL, NULL }
#define DROP(key_) { key_, SHAPE_ANY, USE_DROP, NULL, NULL }
#define OBJECT(key_, shape_)                                                  \
    { key_, SHAPE_OBJECT, USE_READ, &shape_, NULL }
/* An object that is made, and filled with its defaults, if it is absent. */
#define OBJECT_DEF(key_, shape_)                                              \
    { key_, SHAPE_OBJECT, USE_READ, &shape_, "{}" }
#define LIST(key_, shape_) { key_, SHAPE_LIST, USE_READ, &shape_, NULL }
#define SHAPE_END { NULL, SHAPE_ANY, USE_READ, NULL, NULL }

/* The tree as stored; at->v may be NULL (then: the defaults).  Never NULL. */
const struct value *shape_read(struct reader *r, const struct at *at,
                               const struct shape *shape);

/* v with key set to plain text (shape->complete). */
const struct value *with_plain(struct arena *a, const struct value *v,
                               const char *key, const char *text);

/* ---- checks ------------------------------------------------------------- */

enum name_form {
    NAME_SUBDOMAIN,             /* DNS-1123 subdomain, 253 */
    NAME_LABEL,                 /* DNS-1123 label, 63 */
    NAME_PATH,                  /* anything that is one part of a path */
};

/* Is the text at this place a name?  prefix: a trailing dash is fine. */
void check_name(struct reader *r, const struct at *at, enum name_form form,
                bool prefix);
/* "a.b/c": optional DNS prefix and a name of at most 63. */
void check_qualified(struct reader *r, const struct at *at, const char *name);
void check_label_value(struct reader *r, const struct at *at,
                       const char *value);
/* All keys and values of a map. */
void check_labels(struct reader *r, const struct at *at);
void check_annotations(struct reader *r, const struct at *at);
/* A field that, if present, is at least 0. */
void check_not_negative(struct reader *r, const struct at *up,
                        const char *key);
void check_port(struct reader *r, const struct at *at, int64_t port);
void check_port_name(struct reader *r, const struct at *at, const char *name);
/* A number or the name of a port. */
void check_port_or_name(struct reader *r, const struct at *at);
/* A field whose text, if not empty, is one of names; its index, or fallback. */
int check_word(struct reader *r, const struct at *up, const char *key,
               const char *const *names, int fallback);
/* An int or a percentage that is not negative. */
void check_int_or_percent(struct reader *r, const struct at *at);
/* ... and not over 100 %. */
void check_percent_at_most_100(struct reader *r, const struct at *at);
/* Is it other than 0, as written?  What is neither a number nor a percentage
 * counts as 0. */
bool is_some(const struct at *at);
/* A LabelSelector. */
void check_selector(struct reader *r, const struct at *at);

/* ---- parts of objects --------------------------------------------------- */

extern const struct shape shape_selector;
extern const struct shape shape_template;
extern const struct shape shape_pod_spec;
extern const struct shape shape_metadata;
extern const struct shape shape_claim_spec;
extern const struct shape shape_node_selector;

/* Validate a template that shape_template has read.  claims: names of
 * volumeClaimTemplates, NULL if there can be none. */
void check_template(struct reader *r, const struct at *template,
                    const struct at *claims);
/* One container, but for its probes and hooks; volumes are the pod's. */
void check_container(struct reader *r, const struct at *container,
                     const struct at *volumes, const struct at *claims);
/* Probes and hooks of a container that runs on; grace: the pod's, seconds. */
void check_probes(struct reader *r, const struct at *container,
                  int64_t grace);
/* cpu, memory and the like: {requests, limits}. */
void check_resources(struct reader *r, const struct at *resources);
/* Is this the name of an item of list before item end? */
bool is_named(const struct at *list, size_t end, const char *name);
void check_pod_spec(struct reader *r, const struct at *spec,
                    const struct at *claims);
/* The typed forms of what was read and validated. */
const struct pod_spec *pod_spec_make(struct arena *a, const struct at *spec);
const struct pod_template *template_make(struct arena *a,
                                         const struct value *stored);
/* The fields of s that say where it may run. */
void placement_make(struct arena *a, const struct at *spec,
                    struct pod_spec *s);
void check_affinity(struct reader *r, const struct at *spec);
/* A NodeSelector, absent or not: nodeSelectorTerms. */
const struct node_term *node_terms_make(struct arena *a,
                                        const struct at *selector, size_t *n);
void check_node_terms(struct reader *r, const struct at *selector);
void check_tolerations(struct reader *r, const struct at *spec);
void check_spread(struct reader *r, const struct at *spec);
struct claim_spec claim_spec_make(struct arena *a, const struct at *spec,
                                  const char *name);
/* accessModes of a claim or a volume: the set; and its check. */
unsigned access_make(const struct at *spec);
void check_access(struct reader *r, const struct at *spec);
/* One item of matchExpressions, validated before. */
struct requirement requirement_from(struct arena *a, const struct at *at);
/* selector (absent: matches nothing) must match the template's labels. */
void check_template_labels(struct reader *r, const struct at *selector,
                           const struct at *template);
/* A selector that a workload must have and that must not be empty; then the
 * template, whose pods live for ever. */
void check_selector_required(struct reader *r, const struct at *selector,
                             const char *who);
void check_lives_for_ever(struct reader *r, const struct at *template,
                          const char *who);

/* For kinds without a status, and for those without a generation. */
void copy_no_status(struct meta *dst, const struct meta *src);
bool spec_never_changes(const struct meta *a, const struct meta *b);

/* One top-level type. */
struct object_type {
    enum kind kind;
    const struct shape *shape;  /* of the whole document */
    enum name_form name_form;
};

/* Shape_read v and validate its metadata; fills *m.  The stored tree. */
const struct value *object_read(struct reader *r, const struct value *v,
                                const struct object_type *t, struct meta *m);

/* apiVersion, kind, metadata, spec and status of a document. */
#define OBJECT_FIELDS(spec_shape_)                                            \
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),                         \
    OBJECT_DEF("metadata", shape_metadata),                                   \
    OBJECT_DEF("spec", spec_shape_), DROP("status"), SHAPE_END

#endif
