/*
 * config.c - the ConfigMap, Secret and Namespace objects.
 *
 * Pods wait for ConfigMaps and Secrets that they name, and for their keys; what
 * a value means is for the images to say (models/node/configuration.c).  The
 * data of a Secret come in base64 and are kept as what they mean; stringData
 * goes over them.
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

/* What a text in base64 means; NULL if it is none.  What is no text ends at
 * its first zero byte. */
static const char *from_base64(struct arena *a, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                 "qrstuvwxyz0123456789+/";
    size_t len = strlen(text), n = 0, pad = 0;
    char *out = arena_alloc(a, len / 4 * 3 + 1);
    unsigned bits = 0;

    for (; pad < 2 && len > 0 && text[len - 1] == '='; pad++)
        len--;
    if ((len + pad) % 4 != 0)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        const char *at = strchr(digits, text[i]);

        if (!at)
            return NULL;
        bits = (bits << 6 | (unsigned)(at - digits)) & 0xffffff;
        if (i % 4 != 0)
            out[n++] = (char)(bits >> (6 - i % 4 * 2));
    }
    out[n] = '\0';
    return out;
}

/* One entry as it will be seen. */
static struct member plain(struct reader *r, const struct at *entry,
                           bool base64)
{
    struct member m = { .key = entry->key, .value = entry->v };
    const char *text = base64 ? from_base64(r->arena,
                                            value_text(entry->v, ""))
                              : NULL;

    if (base64 && !text)
        diag_help(r->errors, fault(r, entry, "BadRequest", "must be base64"),
                  "plain text goes under stringData");
    if (text)
        m.value = value_string(r->arena, text, &entry->v->mark);
    return m;
}

/* Check the keys of one map and add them to all. */
static void add_keys(struct reader *r, const struct at *root, const char *key,
                     bool base64, members *all)
{
    struct at map = at_field(root, key);

    for (size_t i = 0; i < at_len(&map); i++) {
        struct at entry = at_entry(&map, i);

        if (!is_key(entry.key))
            fault(r, &entry, "Invalid", "must consist of letters, digits, "
                  "\"-\", \"_\" and \".\"");
        vec_push(r->arena, all, plain(r, &entry, base64));
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

    add_keys(&r, &root, "stringData", false, &all);     /* the first counts */
    add_keys(&r, &root, "data", type == &secret_type, &all);
    add_keys(&r, &root, "binaryData", true, &all);
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

const struct kind_ops kind_CONFIGMAP = {
    .size = sizeof(struct config), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode_config,
};
const struct kind_ops kind_SECRET = {
    .size = sizeof(struct config), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_never_changes,
    .decode = decode_secret,
};
const struct kind_ops kind_NAMESPACE = {
    .size = sizeof(struct config), .copy_status = copy_no_status,
    .spec_changed = spec_never_changes, .decode = decode_space,
};
