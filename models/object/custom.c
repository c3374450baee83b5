/*
 * custom.c - CustomResourceDefinition, and the resources of its kinds.
 *
 * A definition registers a kind under a group: from then on manifests of it are
 * stored and watched as any others are, and mean whatever their operator makes
 * of them (models/control/operator.c).
 *
 * Not modelled: schemas (a resource may say anything in its spec), defaults and
 * conversion between versions, which all mean the same here; resources that
 * belong to no namespace stand in the one that their manifest says, or in
 * `default`; deleting a definition leaves its resources.
 * Source: apiextensions-apiserver validation at v1.36; reference 10.6.
 */
#include "models/custom.h"

#include <ctype.h>
#include <string.h>

#include "base/vec.h"
#include "read.h"

/* ---- shapes ------------------------------------------------------------- */

static const struct shape_field version_fields[] = {
    READ(TEXT, "name"), READ(BOOL, "served"), READ(BOOL, "storage"),
    SILENT(ANY, "schema"), SILENT(ANY, "subresources"),
    SILENT(ANY, "additionalPrinterColumns"), SILENT(ANY, "selectableFields"),
    SILENT(BOOL, "deprecated"), SILENT(TEXT, "deprecationWarning"), SHAPE_END
};
static const struct shape version_shape = { version_fields, NULL };
static const struct shape_field names_fields[] = {
    READ(TEXT, "plural"), READ(TEXT, "singular"), READ(TEXT, "kind"),
    SILENT(TEXT, "listKind"), READ(TEXTS, "shortNames"),
    SILENT(TEXTS, "categories"), SHAPE_END
};
static const struct shape names_shape = { names_fields, NULL };
static const struct shape_field spec_fields[] = {
    READ(TEXT, "group"), OBJECT_DEF("names", names_shape),
    READ(TEXT, "scope"), LIST("versions", version_shape),
    REPORT(ANY, "conversion"), SILENT(BOOL, "preserveUnknownFields"),
    SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field crd_fields[] = { OBJECT_FIELDS(spec_shape) };
static const struct shape crd_shape = { crd_fields, NULL };
static const struct object_type crd_type_of = {
    KIND_CRD, &crd_shape, NAME_SUBDOMAIN
};

static const struct shape_field custom_fields[] = {
    READ(TEXT, "apiVersion"), READ(TEXT, "kind"),
    OBJECT_DEF("metadata", shape_metadata), READ(ANY, "spec"),
    READ(ANY, "data"), DROP("status"), SHAPE_END
};
static const struct shape custom_shape = { custom_fields, NULL };
static const struct object_type custom_type_of = {
    KIND_CUSTOM, &custom_shape, NAME_SUBDOMAIN
};

/* ---- definitions -------------------------------------------------------- */

static const char *lower(struct arena *a, const char *text)
{
    char *s = arena_strdup(a, text);

    for (char *p = s; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return s;
}

/* One version of those is stored. */
static void check_versions(struct reader *r, const struct at *spec)
{
    struct at list = at_field(spec, "versions");
    int stored = 0;

    if (at_len(&list) == 0)
        fault_required(r, &list);
    for (size_t i = 0; i < at_len(&list); i++) {
        struct at version = at_item(&list, i);
        struct at name = at_field(&version, "name");

        if (name.v)
            check_name(r, &name, NAME_LABEL, false);
        else
            fault_required(r, &name);
        stored += get_bool(&version, "storage", false);
    }
    if (at_len(&list) > 0 && stored != 1)
        fault(r, &list, "Invalid", "must have exactly one version marked as "
              "storage version");
}

static void check_definition(struct reader *r, const struct at *root)
{
    static const char *const scopes[] = { "Cluster", "Namespaced", NULL };
    struct at spec = at_field(root, "spec"), names = at_field(&spec, "names");
    struct at group = at_field(&spec, "group");
    struct at plural = at_field(&names, "plural");
    struct at kind = at_field(&names, "kind");
    struct at scope = at_field(&spec, "scope");
    struct at meta = at_field(root, "metadata");
    struct at name = at_field(&meta, "name");
    const char *wanted = arena_printf(r->arena, "%s.%s",
                                      value_text(plural.v, ""),
                                      value_text(group.v, ""));

    if (group.v)
        check_name(r, &group, NAME_SUBDOMAIN, false);
    else
        fault_required(r, &group);
    if (plural.v)
        check_name(r, &plural, NAME_LABEL, false);
    else
        fault_required(r, &plural);
    if (!kind.v)
        fault_required(r, &kind);
    if (!scope.v)
        fault_required(r, &scope);
    else
        check_word(r, &spec, "scope", scopes, 0);
    if (name.v && plural.v && group.v &&
        strcmp(value_text(name.v, ""), wanted) != 0)
        fault(r, &name, "Invalid", "must be spec.names.plural+\".\"+spec."
              "group: \"%s\"", wanted);
    check_versions(r, &spec);
}

static const char *const *served(struct arena *a, const struct at *spec,
                                 size_t *n)
{
    struct at list = at_field(spec, "versions");
    const char **names = arena_many(a, const char *, at_len(&list) + 1);

    *n = 0;
    for (size_t i = 0; i < at_len(&list); i++) {
        struct at version = at_item(&list, i);

        if (get_bool(&version, "served", false))
            names[(*n)++] = get_text(&version, "name", "");
    }
    return names;
}

static struct meta *decode_crd(struct arena *a, const struct value *v,
                               struct err_list *errors)
{
    struct crd *c = arena_make(a, struct crd);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &crd_type_of, &c->meta), "");
    struct at spec = at_field(&root, "spec"), names = at_field(&spec, "names");

    check_definition(&r, &root);
    c->group = get_text(&spec, "group", "");
    c->kind = get_text(&names, "kind", "");
    c->plural = get_text(&names, "plural", "");
    c->singular = get_text(&names, "singular", lower(a, c->kind));
    c->short_names = get_texts(a, &names, "shortNames", &c->nshort_names);
    c->versions = served(a, &spec, &c->nversions);
    c->raw = root.v;
    return &c->meta;
}

/* ---- resources ---------------------------------------------------------- */

/* "database.example.com", of the apiVersion "example.com/v1". */
static const char *custom_type(struct arena *a, const char *api_version,
                               const char *kind)
{
    const char *slash = strchr(api_version, '/');
    size_t len = slash ? (size_t)(slash - api_version) : 0;

    return arena_printf(a, "%s.%.*s", lower(a, kind), (int)len, api_version);
}

const char *custom_name(struct arena *a, const struct value *v)
{
    return arena_printf(a, "%s/%s",
                        custom_type(a, value_text(value_get(v, "apiVersion"),
                                                  ""),
                                    value_text(value_get(v, "kind"), "")),
                        value_text(value_at(v, "metadata.name"), ""));
}

static struct meta *decode_custom(struct arena *a, const struct value *v,
                                  struct err_list *errors)
{
    struct custom *c = arena_make(a, struct custom);
    struct reader r = reader_of(a, errors);

    c->raw = object_read(&r, v, &custom_type_of, &c->meta);
    c->called = c->meta.name;
    c->type = custom_type(a, value_text(value_get(c->raw, "apiVersion"), ""),
                          value_text(value_get(c->raw, "kind"), ""));
    c->meta.name = arena_printf(a, "%s/%s", c->type, c->called);
    return &c->meta;
}

/* ---- who is meant ------------------------------------------------------- */

bool crd_serves(const struct crd *c, const char *api_version,
                const char *kind)
{
    const char *slash = strchr(api_version, '/');
    size_t len = slash ? (size_t)(slash - api_version) : 0;

    if (!slash || strcmp(c->kind, kind) != 0 || strlen(c->group) != len ||
        memcmp(c->group, api_version, len) != 0)
        return false;
    for (size_t i = 0; i < c->nversions; i++)
        if (strcmp(c->versions[i], slash + 1) == 0)
            return true;
    return false;
}

/* Is this the first len bytes of word, whatever their case? */
static bool is_same(const char *name, const char *word, size_t len)
{
    if (strlen(name) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (tolower((unsigned char)name[i]) != tolower((unsigned char)word[i]))
            return false;
    return true;
}

bool crd_called(const struct crd *c, const char *word)
{
    size_t len = strcspn(word, ".");
    const char *rest = word[len] ? word + len + 1 : "";
    bool named = is_same(c->plural, word, len) ||
                 is_same(c->singular, word, len) ||
                 is_same(c->kind, word, len);

    for (size_t i = 0; !*rest && i < c->nshort_names; i++)
        named |= is_same(c->short_names[i], word, len);
    return named && (!*rest || strcmp(rest, c->group) == 0);
}

const char *crd_type(struct arena *a, const struct crd *c)
{
    return arena_printf(a, "%s.%s", lower(a, c->kind), c->group);
}

const struct crd *crd_of_kind(const struct api *api, const char *api_version,
                              const char *kind)
{
    for (size_t i = 0; i < api_count(api, KIND_CRD); i++) {
        const struct crd *c = crd_seen(api_at(api, KIND_CRD, i));

        if (crd_serves(c, api_version, kind))
            return c;
    }
    return NULL;
}

const struct crd *crd_of_word(const struct api *api, const char *word)
{
    for (size_t i = 0; i < api_count(api, KIND_CRD); i++) {
        const struct crd *c = crd_seen(api_at(api, KIND_CRD, i));

        if (crd_called(c, word))
            return c;
    }
    return NULL;
}

/* ---- the kinds ---------------------------------------------------------- */

static bool definition_changed(const struct meta *a, const struct meta *b)
{
    return !value_equal(crd_seen(a)->raw, crd_seen(b)->raw);
}

static void copy_status(struct meta *dst, const struct meta *src)
{
    custom_of(dst)->status = custom_seen(src)->status;
}

/* All but metadata counts: apiserver's rule for custom resources. */
static bool spec_changed(const struct meta *a, const struct meta *b)
{
    static const char *const parts[] = { "spec", "data" };

    for (size_t i = 0; i < 2; i++) {
        const struct value *x = value_get(custom_seen(a)->raw, parts[i]);
        const struct value *y = value_get(custom_seen(b)->raw, parts[i]);

        if (x != y && !(x && y && value_equal(x, y)))
            return true;
    }
    return false;
}

const struct kind_ops kind_CRD = {
    .size = sizeof(struct crd), .copy_status = copy_no_status,
    .spec_changed = definition_changed, .decode = decode_crd,
};
const struct kind_ops kind_CUSTOM = {
    .size = sizeof(struct custom), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
    .decode = decode_custom,
};
