/*
 * value.h - trees of scalars, lists and maps, as YAML and JSON have them.
 *
 * Immutable once made and freely shared: an edit copies the path from the
 * root and shares the rest.  Every node knows where it was read, so that a
 * fault found late still has its place.  Scalars keep their text; whether
 * `1.10` is a number is decided by who reads it (never by a double).
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H
#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum value_type { VALUE_NULL, VALUE_SCALAR, VALUE_LIST, VALUE_MAP };

struct value;

struct member {
    const char *key;
    struct mark mark;           /* of the key */
    const struct value *value;  /* never NULL */
};

struct value {
    enum value_type type;
    bool quoted;                /* scalar: written in quotes, so a string */
    struct mark mark;
    size_t len;                 /* items of a list, members of a map */
    union {
        const char *text;               /* scalar */
        const struct value *const *items;   /* list */
        const struct member *members;       /* map, in order of the text */
    } u;
};

/* What a plain scalar is by the YAML 1.2 core schema (JSON's view). */
enum scalar_kind { SCALAR_STRING, SCALAR_BOOL, SCALAR_INT, SCALAR_REAL,
                   SCALAR_NULL };
enum scalar_kind value_scalar_kind(const struct value *v);

/* The member of map v called key; NULL if v is not a map or has none.
 * A member that is null is returned as a VALUE_NULL node. */
const struct value *value_get(const struct value *v, const char *key);
const struct member *value_member(const struct value *v, const char *key);

/* True for a VALUE_NULL node and for a plain scalar that means null. */
bool value_is_null(const struct value *v);

/* Follow "spec.template.spec.containers[0].image" or, with a name that
 * selects a list item, "containers[web].image".  Keys with dots are quoted:
 * metadata.annotations."a.b/c".  NULL if a step is missing. */
const struct value *value_at(const struct value *v, const char *path);

/* The text of a scalar, or fallback if v is NULL, null or not a scalar. */
const char *value_text(const struct value *v, const char *fallback);

/* Makers.  mark may be NULL. */
const struct value *value_null(struct arena *a, const struct mark *m);
const struct value *value_string(struct arena *a, const char *text,
                                 const struct mark *m);     /* quoted */
const struct value *value_plain(struct arena *a, const char *text,
                                const struct mark *m);
const struct value *value_list(struct arena *a,
                               const struct value *const *items, size_t len,
                               const struct mark *m);
const struct value *value_map(struct arena *a, const struct member *members,
                              size_t len, const struct mark *m);

/* A value written on one line: a scalar, {key: value, ...} or [a, b], as in
 * YAML.  m is the mark of every node of it, or NULL.  NULL if malformed. */
const struct value *value_flow(struct arena *a, const char *text,
                               const struct mark *m);

/* A copy of root in which path (as in value_at) is x; missing maps on the way
 * are made; x NULL deletes.  NULL if a step is not a map or list, or a list
 * index is out of range. */
const struct value *value_set(struct arena *a, const struct value *root,
                              const char *path, const struct value *x);

/* patch laid over base by RFC 7386 (JSON merge patch): null deletes, maps
 * merge, anything else replaces. */
const struct value *value_merge(struct arena *a, const struct value *base,
                                const struct value *patch);

/* The same by Kubernetes' strategic merge: lists of maps under known keys
 * merge by their merge key (containers, initContainers, env, volumes: name;
 * ports: containerPort, or port in a Service; volumeMounts: mountPath; ...),
 * `$patch: delete|replace` obeyed. */
const struct value *value_strategic(struct arena *a, const struct value *base,
                                    const struct value *patch);

/* The key by which value_strategic merges the list of maps `items` called
 * `list`; NULL if it is replaced whole. */
const char *value_merge_key(const char *list, const struct value *items);

/* Equal as JSON: order of map keys plays no part, 3 and "3" differ. */
bool value_equal(const struct value *a, const struct value *b);

/* JSON text with sorted keys and no blanks: equal trees give equal texts. */
void value_canonical(struct buf *out, const struct value *v);

#endif
