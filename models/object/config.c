/*
 * config.c - the ConfigMap, Secret and Namespace objects.
 *
 * Pods wait for ConfigMaps and Secrets that they name, so what counts is
 * which there are, and their keys.  Contents are kept and have no effect.
 *
 * Source: core/validation ValidateConfigMap, ValidateSecret, Kubernetes 1.36.
 */
#include "models/config.h"

#include <ctype.h>
#include <string.h>

#include "base/vec.h"
#include "read.h"

static const struct shape_field config_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), READ(LABELS, "data"),
    READ(LABELS, "binaryData"), READ(BOOL, "immutable"), SHAPE_END
};
static const struct shape config_shape = { config_fields, NULL };
static const struct shape_field secret_fields[] = {
    SILENT(TEXT, "apiVersion"), SILENT(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), READ(LABELS, "data"),
    READ(LABELS, "stringData"), READ_DEF(TEXT, "type", "Opaque"),
    READ(BOOL, "immutable"), SHAPE_END
};
static const struct shape secret_shape = { secret_fields, NULL };
static const struct shape_field space_spec_fields[] = {
    SILENT(TEXTS, "finalizers"), SHAPE_END
};
static const struct shape space_spec_shape = { space_spec_fields, NULL };
static const struct shape_field space_fields[] = {
    OBJECT_FIELDS(space_spec_shape)
};
static const struct shape space_shape = { space_fields, NULL };

static const struct object_type config_type = {
    KIND_CONFIGMAP, &config_shape, NAME_SUBDOMAIN
};
static const struct object_type secret_type = {
    KIND_SECRET, &secret_shape, NAME_SUBDOMAIN
};
static const struct object_type space_type = {
    KIND_NAMESPACE, &space_shape, NAME_LABEL
};

/* Letters, digits, "-", "_" and "."; at most 253. */
static bool is_key(const char *s)
{
    size_t len = strlen(s);

    if (len == 0 || len > 253 || strcmp(s, ".") == 0 || strcmp(s, "..") == 0
        || strncmp(s, "../", 3) == 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && strchr("-_.", s[i]) == NULL)
            return false;
    return true;
}

typedef VEC(struct member) members;

/* Check the keys of one map and add them to all. */
static void add_keys(struct reader *r, const struct at *root, const char *key,
                     members *all)
{
    struct at map = at_field(root, key);

    for (size_t i = 0; i < at_len(&map); i++) {
        struct at entry = at_entry(&map, i);

        if (!is_key(entry.key))
            fault(r, &entry, "Invalid", "must consist of letters, digits, "
                  "\"-\", \"_\" and \".\"");
        vec_push(r->arena, all, map.v->u.members[i]);
    }
}

/* The three kinds differ in their shapes only. */
static struct meta *decode_of(struct arena *a, const struct value *v,
                              struct err_list *errors,
                              const struct object_type *type)
{
    struct config *c = arena_make(a, struct config);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, type, &c->meta), "");
    members all = { 0 };

    add_keys(&r, &root, "data", &all);
    add_keys(&r, &root, "binaryData", &all);
    add_keys(&r, &root, "stringData", &all);
    if (all.len > 0)
        c->data = value_map(a, all.items, all.len, NULL);
    c->immutable = get_bool(&root, "immutable", false);
    c->raw = root.v;
    return &c->meta;
}

static struct meta *decode_config(struct arena *a, const struct value *v,
                                  struct err_list *errors)
{
    return decode_of(a, v, errors, &config_type);
}

static struct meta *decode_secret(struct arena *a, const struct value *v,
                                  struct err_list *errors)
{
    return decode_of(a, v, errors, &secret_type);
}

static struct meta *decode_space(struct arena *a, const struct value *v,
                                 struct err_list *errors)
{
    return decode_of(a, v, errors, &space_type);
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    (void)dst;                  /* none of these has a status that counts */
    (void)src;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    (void)a;                    /* no spec, so no generation */
    (void)b;
    return false;
}

const struct kind_ops kind_CONFIGMAP = {
    .size = sizeof(struct config), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode_config,
};
const struct kind_ops kind_SECRET = {
    .size = sizeof(struct config), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode_secret,
};
const struct kind_ops kind_NAMESPACE = {
    .size = sizeof(struct config), .copy_status = copy_status,
    .spec_changed = spec_changed, .decode = decode_space,
};
