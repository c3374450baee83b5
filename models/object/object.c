/*
 * object.c - labels, selectors, and the list of kinds.
 *
 * Selectors: all requirements must hold.  In: the key is present and its
 * value in the set.  NotIn: the key is absent or its value not in the set.
 * A selector that was not given matches nothing, an empty one everything.
 * Gt and Lt compare whole numbers and exist for nodes only.
 *
 * Source: apimachinery pkg/labels/selector.go, pkg/apis/meta/v1/helpers.go,
 * Kubernetes 1.36 (reference 11.3).
 */
#include "models/object.h"

#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/units.h"
#include "read.h"

/* ---- labels ------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->key,
                  ((const struct label *)b)->key);
}

/* Room for a set of len labels, to be filled in. */
static struct labels *labels_room(struct arena *a, size_t len)
{
    struct labels *l = arena_alloc(a, sizeof *l + len * sizeof l->items[0]);

    l->len = len;
    return l;
}

const struct labels *labels_from(struct arena *a, const struct value *v)
{
    struct labels *l;

    if (v == NULL || v->type != VALUE_MAP || v->len == 0)
        return NULL;
    l = labels_room(a, v->len);
    for (size_t i = 0; i < v->len; i++)
        l->items[i] = (struct label){ v->u.members[i].key,
                                      value_text(v->u.members[i].value, "") };
    qsort(l->items, l->len, sizeof l->items[0], by_key);
    return l;
}

const struct labels *labels_with(struct arena *a, const struct labels *l,
                                 const char *key, const char *value)
{
    size_t len = l ? l->len : 0, n = 0;
    struct labels *out = labels_room(a, len + 1);

    for (size_t i = 0; i < len; i++)
        if (strcmp(l->items[i].key, key) != 0)
            out->items[n++] = l->items[i];
    if (value)
        out->items[n++] = (struct label){ key, value };
    out->len = n;
    if (n == 0)
        return NULL;
    qsort(out->items, n, sizeof out->items[0], by_key);
    return out;
}

const char *labels_get(const struct labels *l, const char *key)
{
    for (size_t i = 0; l && i < l->len; i++)
        if (strcmp(l->items[i].key, key) == 0)
            return l->items[i].value;
    return NULL;
}

bool labels_equal(const struct labels *a, const struct labels *b)
{
    size_t len = a ? a->len : 0;

    if (a == b)
        return true;
    if (len != (b ? b->len : 0))
        return false;
    for (size_t i = 0; i < len; i++)
        if (strcmp(a->items[i].key, b->items[i].key) != 0
            || strcmp(a->items[i].value, b->items[i].value) != 0)
            return false;
    return true;
}

/* ---- selectors ---------------------------------------------------------- */

static const char *const op_names[] = { "In", "NotIn", "Exists",
                                        "DoesNotExist", "Gt", "Lt", NULL };

/* key = value, as a requirement. */
static struct requirement equals(struct arena *a, const char *key,
                                 const char *value)
{
    const char **values = arena_many(a, const char *, 1);

    values[0] = value;
    return (struct requirement){ .key = key, .op = SELECT_IN,
                                 .values = values, .len = 1 };
}

struct requirement requirement_from(struct arena *a, const struct at *at)
{
    struct requirement q = { .key = get_text(at, "key", "") };
    int op = word_index(op_names, get_text(at, "operator", ""));

    q.op = op < 0 ? SELECT_IN : (enum selector_op)op;
    q.values = get_texts(a, at, "values", &q.len);
    return q;
}

/* A selector of len requirements, to be filled in through *items. */
static struct selector *selector_room(struct arena *a, size_t len,
                                      struct requirement **items)
{
    struct selector *s = arena_make(a, struct selector);

    *items = arena_many(a, struct requirement, len);
    s->items = *items;
    s->len = len;
    return s;
}

const struct selector *selector_from(struct arena *a, const struct value *v,
                                     struct err_list *errors)
{
    struct err_list own;
    struct at root = at_root(v, ""), labels, list;
    struct requirement *items;
    struct selector *s;
    struct reader r;
    int before;

    err_init(&own, a);
    r = reader_of(a, errors ? errors : &own);
    before = r.errors->errors;
    if (root.v == NULL)
        return NULL;
    root.v = shape_read(&r, &root, &shape_selector);
    check_selector(&r, &root);
    if (r.errors->errors > before)
        return NULL;
    labels = at_field(&root, "matchLabels");
    list = at_field(&root, "matchExpressions");
    s = selector_room(a, at_len(&labels) + at_len(&list), &items);
    for (size_t i = 0; i < at_len(&labels); i++, items++)
        *items = equals(a, labels.v->u.members[i].key,
                        value_text(labels.v->u.members[i].value, ""));
    for (size_t i = 0; i < at_len(&list); i++, items++) {
        struct at item = at_item(&list, i);

        *items = requirement_from(a, &item);
    }
    return s;
}

const struct selector *selector_from_map(struct arena *a,
                                         const struct value *v)
{
    struct requirement *items;
    struct selector *s;

    if (v == NULL || v->type != VALUE_MAP || v->len == 0)
        return NULL;
    s = selector_room(a, v->len, &items);
    for (size_t i = 0; i < v->len; i++)
        items[i] = equals(a, v->u.members[i].key,
                          value_text(v->u.members[i].value, ""));
    return s;
}

const struct selector *selector_with(struct arena *a,
                                     const struct selector *s,
                                     const char *key, const char *value)
{
    size_t len = s ? s->len : 0;
    struct requirement *items;
    struct selector *out = selector_room(a, len + 1, &items);

    for (size_t i = 0; i < len; i++)
        items[i] = s->items[i];
    items[len] = equals(a, key, value);
    return out;
}

/* Is value one of the requirement's? */
static bool has_value(const struct requirement *q, const char *value)
{
    for (size_t i = 0; i < q->len; i++)
        if (strcmp(q->values[i], value) == 0)
            return true;
    return false;
}

/* value > limit (Gt) or < limit (Lt); false unless both are whole numbers. */
static bool compares(const struct requirement *q, const char *value)
{
    int64_t have, limit;

    if (q->len != 1 || !parse_int(value, &have, NULL)
        || !parse_int(q->values[0], &limit, NULL))
        return false;
    return q->op == SELECT_GT ? have > limit : have < limit;
}

/* value NULL: the key is absent. */
static bool requirement_holds(const struct requirement *q, const char *value)
{
    switch (q->op) {
    case SELECT_IN:
        return value && has_value(q, value);
    case SELECT_NOT_IN:
        return value == NULL || !has_value(q, value);
    case SELECT_EXISTS:
        return value != NULL;
    case SELECT_ABSENT:
        return value == NULL;
    case SELECT_GT:
    case SELECT_LT:
        return value && compares(q, value);
    }
    return false;
}

bool selector_match(const struct selector *s, const struct labels *l)
{
    if (s == NULL)
        return false;
    for (size_t i = 0; i < s->len; i++)
        if (!requirement_holds(&s->items[i],
                               labels_get(l, s->items[i].key)))
            return false;
    return true;
}

bool selector_equal(const struct selector *a, const struct selector *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        const struct requirement *x = &a->items[i], *y = &b->items[i];

        if (strcmp(x->key, y->key) != 0 || x->op != y->op
            || x->len != y->len)
            return false;
        for (size_t v = 0; v < x->len; v++)
            if (strcmp(x->values[v], y->values[v]) != 0)
                return false;
    }
    return true;
}

const struct selector *selector_copy(struct arena *a,
                                     const struct selector *s)
{
    struct requirement *items;
    struct selector *out;

    if (s == NULL)
        return NULL;
    out = selector_room(a, s->len, &items);
    for (size_t i = 0; i < s->len; i++) {
        const struct requirement *q = &s->items[i];
        const char **values = arena_many(a, const char *, q->len);

        for (size_t v = 0; v < q->len; v++)
            values[v] = arena_strdup(a, q->values[v]);
        items[i] = *q;
        items[i].key = arena_strdup(a, q->key);
        items[i].values = values;
    }
    return out;
}

/* ---- kinds -------------------------------------------------------------- */

const char *const condition_names[4] = { "", "True", "False", "Unknown" };

struct kind_row {
    const char *name, *group, *version, *resource;
    const struct kind_ops *ops;
};

#define KIND(id, name, group, version, resource)                              \
    extern const struct kind_ops kind_##id;
#include "models/kinds.list"
#undef KIND

static const struct kind_row kinds[KIND_COUNT] = {
#define KIND(id, name, group, version, resource)                              \
    [KIND_##id] = { name, group, version, resource, &kind_##id },
#include "models/kinds.list"
#undef KIND
};

static const struct {
    const char *word;
    enum kind kind;
} short_names[] = {
    { "po", KIND_POD }, { "no", KIND_NODE }, { "svc", KIND_SERVICE },
    { "cm", KIND_CONFIGMAP }, { "ns", KIND_NAMESPACE },
    { "deploy", KIND_DEPLOYMENT }, { "rs", KIND_REPLICASET }, { "rc", KIND_RC },
    { "ro", KIND_ROLLOUT }, { "ing", KIND_INGRESS },
    { "sts", KIND_STATEFULSET }, { "ds", KIND_DAEMONSET },
    { "pvc", KIND_CLAIM }, { "cj", KIND_CRONJOB }, { "hpa", KIND_HPA },
    { "pdb", KIND_PDB }, { "csr", KIND_CSR },
    { "quota", KIND_QUOTA }, { "netpol", KIND_NETPOL },
    { "sa", KIND_SERVICEACCOUNT }, { "pc", KIND_PRIORITYCLASS },
    { "limits", KIND_LIMITRANGE },
    { "pv", KIND_VOLUME }, { "sc", KIND_CLASS },
    { NULL, KIND_NONE },
};

const char *kind_name(enum kind k)
{
    return k > KIND_NONE && k < KIND_COUNT ? kinds[k].name : "";
}

const char *kind_resource(enum kind k)
{
    return k > KIND_NONE && k < KIND_COUNT ? kinds[k].resource : "";
}

const char *kind_group(enum kind k)
{
    return k > KIND_NONE && k < KIND_COUNT ? kinds[k].group : "";
}

const char *kind_group_resource(struct arena *a, enum kind k)
{
    return *kind_group(k) ? arena_printf(a, "%s.%s", kind_resource(k),
                                         kind_group(k))
                          : kind_resource(k);
}

const char *kind_api_version(struct arena *a, enum kind k)
{
    const struct kind_row *row = &kinds[k];

    return *row->group ? arena_printf(a, "%s/%s", row->group, row->version)
                       : row->version;
}

const struct kind_ops *kind_ops_of(enum kind k)
{
    return k > KIND_NONE && k < KIND_COUNT ? kinds[k].ops : NULL;
}

/* text is "group/version", or "version" for the core group. */
static bool is_version(const struct kind_row *row, const char *text)
{
    size_t n = strlen(row->group);

    if (n == 0)
        return strcmp(text, row->version) == 0;
    return strncmp(text, row->group, n) == 0 && text[n] == '/'
        && strcmp(text + n + 1, row->version) == 0;
}

/* Versions of before, and of HorizontalPodAutoscaler's simple form.  Source:
 * Kubernetes' deprecated API migration guide. */
static const struct old_version {
    const char *kind, *api_version;
    int gone;                   /* in 1.N; 0: it is not */
    bool read;                  /* it means the same object */
} old_versions[] = {
    { "CronJob", "batch/v1beta1", 25, true },
    { "PodDisruptionBudget", "policy/v1beta1", 25, true },
    { "HorizontalPodAutoscaler", "autoscaling/v2beta2", 26, true },
    { "HorizontalPodAutoscaler", "autoscaling/v1", 0, true },
    { "HorizontalPodAutoscaler", "autoscaling/v2beta1", 25, false },
    { "Deployment", "extensions/v1beta1", 16, false },
    { "Deployment", "apps/v1beta1", 16, false },
    { "Deployment", "apps/v1beta2", 16, false },
    { "ReplicaSet", "extensions/v1beta1", 16, false },
    { "ReplicaSet", "apps/v1beta2", 16, false },
    { "DaemonSet", "extensions/v1beta1", 16, false },
    { "DaemonSet", "apps/v1beta2", 16, false },
    { "StatefulSet", "apps/v1beta1", 16, false },
    { "StatefulSet", "apps/v1beta2", 16, false },
    { "NetworkPolicy", "extensions/v1beta1", 16, false },
    { "Ingress", "extensions/v1beta1", 22, false },
    { "Ingress", "networking.k8s.io/v1beta1", 22, false },
    { "EndpointSlice", "discovery.k8s.io/v1beta1", 25, false },
    { "Role", "rbac.authorization.k8s.io/v1beta1", 22, true },
    { "ClusterRole", "rbac.authorization.k8s.io/v1beta1", 22, true },
    { "RoleBinding", "rbac.authorization.k8s.io/v1beta1", 22, true },
    { "ClusterRoleBinding", "rbac.authorization.k8s.io/v1beta1", 22, true },
    { "PriorityClass", "scheduling.k8s.io/v1beta1", 22, true },
    { "StorageClass", "storage.k8s.io/v1beta1", 22, true },
    { "VolumeAttachment", "storage.k8s.io/v1beta1", 22, false },
    { "CertificateSigningRequest", "certificates.k8s.io/v1beta1", 22, false },
    { "CustomResourceDefinition", "apiextensions.k8s.io/v1beta1", 22, false },
};

static const struct old_version *find_old(const char *api_version,
                                          const char *kind)
{
    for (size_t i = 0; i < COUNT_OF(old_versions); i++)
        if (strcmp(old_versions[i].kind, kind) == 0 &&
            strcmp(old_versions[i].api_version, api_version) == 0)
            return &old_versions[i];
    return NULL;
}

/* The kind of this name that Kubernetes itself has. */
static enum kind kind_named(const char *name)
{
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        if (strcmp(kinds[k].name, name) == 0)
            return (enum kind)k;
    return KIND_NONE;
}

enum kind kind_find(const char *api_version, const char *kind)
{
    const struct old_version *old = find_old(api_version, kind);

    if (old)
        return old->read ? kind_named(kind) : KIND_NONE;
    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        if (strcmp(kinds[k].name, kind) == 0
            && is_version(&kinds[k], api_version))
            return (enum kind)k;
    return KIND_NONE;
}

enum kind kind_of_old(const char *api_version, const char *kind, int *gone)
{
    const struct old_version *old = find_old(api_version, kind);

    if (!old)
        return KIND_NONE;
    *gone = old->gone;
    return kind_named(kind);
}

/* Is the first len bytes of word, case folded, this lower- or mixed-case
 * name? */
static bool is_word(const char *word, size_t len, const char *name)
{
    if (strlen(name) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((word[i] | 0x20) != (name[i] | 0x20))
            return false;
    return true;
}

/* What follows the first dot of "deployments.v1.apps" names the group. */
static bool is_group(const struct kind_row *row, const char *rest)
{
    size_t n = strlen(row->version);

    if (*rest == '\0' || strcmp(rest, row->group) == 0)
        return true;
    return strncmp(rest, row->version, n) == 0 && rest[n] == '.'
        && strcmp(rest + n + 1, row->group) == 0;
}

enum kind kind_by_resource(const char *word)
{
    size_t len = strcspn(word, ".");
    const char *rest = word[len] ? word + len + 1 : "";

    for (int k = KIND_NONE + 1; k < KIND_COUNT; k++)
        if ((is_word(word, len, kinds[k].name)
             || is_word(word, len, kinds[k].resource))
            && is_group(&kinds[k], rest))
            return (enum kind)k;
    for (size_t i = 0; short_names[i].word != NULL; i++)
        if (is_word(word, len, short_names[i].word) && *rest == '\0')
            return short_names[i].kind;
    return KIND_NONE;
}
