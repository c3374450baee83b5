/*
 * rbac.c - the authoriser: may this user do that?
 *
 * Rights only add up; what nobody grants is forbidden.  A ClusterRoleBinding
 * grants everywhere, a RoleBinding in its own namespace; either through the
 * rules of the role that it names.  The roles that every cluster has
 * (cluster-admin, admin, edit, view) are there unless a manifest brings its
 * own; ClusterRoles with the labels aggregate-to-* add to them.  Members of
 * system:masters may do everything.
 *
 * Not modelled: the Node authoriser, webhooks; that granting a right needs the
 * right itself; tokens and certificates.
 * Source: plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac/validation,
 * bootstrappolicy/policy.go, apiserver responsewriters/errors.go at v1.36.2;
 * reference 10.4.
 */
#include "models/rbac.h"

#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "base/vec.h"
#include "models/custom.h"
#include "models/world.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define AGGREGATE "rbac.authorization.k8s.io/aggregate-to-"

const char *rbac_account(struct arena *a, const char *space, const char *name)
{
    return arena_printf(a, "system:serviceaccount:%s:%s", space, name);
}

/* ---- the roles that every cluster has ----------------------------------- */

#define READING LIST("get", "list", "watch")
#define WRITING LIST("create", "delete", "deletecollection", "patch", "update")

static const struct role_rule view_rules[] = {
    { READING, LIST(""), LIST("configmaps", "endpoints",
      "persistentvolumeclaims", "persistentvolumeclaims/status", "pods",
      "pods/log", "pods/status", "replicationcontrollers",
      "replicationcontrollers/scale", "replicationcontrollers/status",
      "serviceaccounts", "services", "services/status", "bindings", "events",
      "limitranges", "namespaces", "namespaces/status", "resourcequotas",
      "resourcequotas/status"), NULL },
    { READING, LIST("apps"), LIST("controllerrevisions", "daemonsets",
      "daemonsets/status", "deployments", "deployments/scale",
      "deployments/status", "replicasets", "replicasets/scale",
      "replicasets/status", "statefulsets", "statefulsets/scale",
      "statefulsets/status"), NULL },
    { READING, LIST("autoscaling"), LIST("horizontalpodautoscalers",
      "horizontalpodautoscalers/status"), NULL },
    { READING, LIST("batch"), LIST("cronjobs", "cronjobs/status", "jobs",
      "jobs/status"), NULL },
    { READING, LIST("policy"), LIST("poddisruptionbudgets",
      "poddisruptionbudgets/status"), NULL },
    { READING, LIST("networking.k8s.io"), LIST("ingresses",
      "ingresses/status", "networkpolicies"), NULL },
    { READING, LIST("discovery.k8s.io"), LIST("endpointslices"), NULL },
};
static const struct role_rule edit_rules[] = {
    { READING, LIST(""), LIST("pods/attach", "pods/exec", "pods/portforward",
      "pods/proxy", "secrets", "services/proxy"), NULL },
    { LIST("impersonate"), LIST(""), LIST("serviceaccounts"), NULL },
    { WRITING, LIST(""), LIST("pods", "pods/attach", "pods/exec",
      "pods/portforward", "pods/proxy", "configmaps", "events",
      "persistentvolumeclaims", "replicationcontrollers",
      "replicationcontrollers/scale", "secrets", "serviceaccounts",
      "services", "services/proxy"), NULL },
    { LIST("create"), LIST(""), LIST("pods/eviction",
      "serviceaccounts/token"), NULL },
    { WRITING, LIST("apps"), LIST("daemonsets", "deployments",
      "deployments/rollback", "deployments/scale", "replicasets",
      "replicasets/scale", "statefulsets", "statefulsets/scale"), NULL },
    { WRITING, LIST("autoscaling"), LIST("horizontalpodautoscalers"), NULL },
    { WRITING, LIST("batch"), LIST("cronjobs", "jobs"), NULL },
    { WRITING, LIST("policy"), LIST("poddisruptionbudgets"), NULL },
    { WRITING, LIST("networking.k8s.io"), LIST("ingresses",
      "networkpolicies"), NULL },
};
static const struct role_rule admin_rules[] = {
    { LIST("create", "delete", "deletecollection", "get", "list", "patch",
           "update", "watch"),
      LIST("rbac.authorization.k8s.io"), LIST("roles", "rolebindings"),
      NULL },
};
static const struct role_rule master_rules[] = {
    { LIST("*"), LIST("*"), LIST("*"), NULL },
};

static const struct built_in {
    const char *name;
    const struct role_rule *rules;
    size_t n;
    const char *includes;       /* another one's rules; NULL: none */
} built_in[] = {
    { "view", view_rules, COUNT_OF(view_rules), NULL },
    { "edit", edit_rules, COUNT_OF(edit_rules), "view" },
    { "admin", admin_rules, COUNT_OF(admin_rules), "edit" },
    { "cluster-admin", master_rules, COUNT_OF(master_rules), NULL },
};

static const struct built_in *built_in_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(built_in); i++)
        if (strcmp(built_in[i].name, name) == 0)
            return &built_in[i];
    return NULL;
}

/* ---- rules -------------------------------------------------------------- */

static bool among(const char *const *list, const char *word)
{
    for (; list && *list; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

static bool covers(const char *const *list, const char *word)
{
    return among(list, "*") || among(list, word);
}

/* One of "update|patch". */
static bool verb_fits(const struct role_rule *r, const char *verbs)
{
    const char *bar = strchr(verbs, '|');
    char first[32];

    if (!bar)
        return covers(r->verbs, verbs);
    CHECK((size_t)(bar - verbs) < sizeof(first));
    memcpy(first, verbs, (size_t)(bar - verbs));
    first[bar - verbs] = '\0';
    return covers(r->verbs, first) || covers(r->verbs, bar + 1);
}

static bool resource_fits(const struct role_rule *r,
                          const struct request_info *q)
{
    char whole[256], any[128];

    if (!q->subresource)
        return covers(r->resources, q->resource);
    snprintf(whole, sizeof(whole), "%s/%s", q->resource, q->subresource);
    snprintf(any, sizeof(any), "*/%s", q->subresource);
    return covers(r->resources, whole) || among(r->resources, any);
}

static bool rule_fits(const struct role_rule *r, const struct request_info *q)
{
    if (!verb_fits(r, q->verb) || !covers(r->groups, q->group) ||
        !resource_fits(r, q))
        return false;
    return !r->names || (q->name && strcmp(q->verb, "create") != 0 &&
                         among(r->names, q->name));
}

static bool rules_fit(const struct role_rule *rules, size_t n,
                      const struct request_info *q)
{
    for (size_t i = 0; i < n; i++)
        if (rule_fits(&rules[i], q))
            return true;
    return false;
}

/* Do ClusterRoles that are to be added to this one grant it? */
static bool added(struct world *w, const struct role *role, const char *label,
                  const struct request_info *q)
{
    for (size_t i = 0; i < api_count(w->api, KIND_CLUSTERROLE); i++) {
        const struct role *x = role_seen(api_at(w->api, KIND_CLUSTERROLE, i));
        const char *value = label ? labels_get(x->meta.labels, label) : NULL;
        bool counts = value && strcmp(value, "true") == 0;

        for (size_t k = 0; role && k < role->naggregates; k++)
            counts |= selector_match(role->aggregates[k], x->meta.labels);
        if (counts && rules_fit(x->rules, x->nrules, q))
            return true;
    }
    return false;
}

static bool built_in_grants(struct world *w, const struct built_in *b,
                            const struct request_info *q)
{
    for (; b; b = b->includes ? built_in_of(b->includes) : NULL) {
        char label[64];

        snprintf(label, sizeof(label), AGGREGATE "%s", b->name);
        if (rules_fit(b->rules, b->n, q) || added(w, NULL, label, q))
            return true;
    }
    return false;
}

/* ---- bindings ----------------------------------------------------------- */

/* What went wrong while rights were looked for. */
struct search {
    struct world *w;
    const struct requester *who;
    const struct request_info *q;
    VEC(const char *) missing;  /* roles that are not there */
};

static bool role_grants(struct search *s, const struct role_binding *b)
{
    enum kind kind = b->of_cluster_role ? KIND_CLUSTERROLE : KIND_ROLE;
    const struct meta *m = api_find(s->w->api, kind, b->meta.space, b->role);
    const struct built_in *own = b->of_cluster_role ? built_in_of(b->role)
                                                    : NULL;

    if (m)
        return rules_fit(role_seen(m)->rules, role_seen(m)->nrules, s->q) ||
               added(s->w, role_seen(m), NULL, s->q);
    if (own)
        return built_in_grants(s->w, own, s->q);
    vec_push(s->w->arena, &s->missing,
             arena_printf(s->w->arena, "%s.rbac.authorization.k8s.io \"%s\" "
                          "not found",
                          b->of_cluster_role ? "clusterrole" : "role",
                          b->role));
    return false;
}

/* "system:serviceaccounts", and that of one namespace, name their groups; all
 * who have proved who they are are in system:authenticated. */
static bool in_group(const struct requester *who, const char *group)
{
    static const char account[] = "system:serviceaccount:";
    static const char accounts[] = "system:serviceaccounts";
    const char *space = who->name + sizeof(account) - 1;

    if (strcmp(group, "system:authenticated") == 0 ||
        among(who->groups, group))
        return true;
    if (strncmp(who->name, account, sizeof(account) - 1) != 0 ||
        strncmp(group, accounts, sizeof(accounts) - 1) != 0)
        return false;
    group += sizeof(accounts) - 1;
    return *group == '\0' ||
           (*group == ':' && strncmp(group + 1, space,
                                     strcspn(space, ":")) == 0 &&
            strlen(group + 1) == strcspn(space, ":"));
}

static bool is_subject(struct search *s, const struct role_binding *b)
{
    for (size_t i = 0; i < b->nsubjects; i++) {
        const struct subject *x = &b->subjects[i];
        bool is = x->kind == SUBJECT_USER
                      ? strcmp(x->name, s->who->name) == 0
                  : x->kind == SUBJECT_GROUP
                      ? in_group(s->who, x->name)
                      : strcmp(rbac_account(s->w->arena, x->space, x->name),
                               s->who->name) == 0;

        if (is)
            return true;
    }
    return false;
}

static bool granted_by(struct search *s, enum kind kind)
{
    for (size_t i = 0; i < api_count(s->w->api, kind); i++) {
        const struct role_binding *b =
            role_binding_seen(api_at(s->w->api, kind, i));

        if (kind == KIND_ROLEBINDING &&
            strcmp(b->meta.space, s->q->space) != 0)
            continue;
        if (is_subject(s, b) && role_grants(s, b))
            return true;
    }
    return false;
}

/* ---- names -------------------------------------------------------------- */

void request_about(struct world *w, struct request_info *q, enum kind kind,
                   const char *name)
{
    const char *slash = name ? strchr(name, '/') : NULL;
    const struct crd *crd = NULL;

    q->group = kind_group(kind);
    q->resource = kind_resource(kind);
    q->name = name;
    if (kind != KIND_CUSTOM || !slash)
        return;
    crd = crd_of_word(w->api, arena_strndup(w->arena, name,
                                            (size_t)(slash - name)));
    q->name = slash + 1;
    if (crd) {
        q->group = crd->group;
        q->resource = crd->plural;
    }
}

/* ---- the answer --------------------------------------------------------- */

/* " in the namespace "x"", and what could not be looked up. */
static const char *where(struct search *s)
{
    struct arena *a = s->w->arena;
    const char *at = *s->q->space
                         ? arena_printf(a, " in the namespace \"%s\"",
                                        s->q->space)
                         : " at the cluster scope";
    struct buf text = { 0 };

    if (s->missing.len == 0)
        return at;
    for (size_t i = 0; i < s->missing.len; i++)
        buf_printf(&text, "%s%s", i ? ", " : "", s->missing.items[i]);
    at = s->missing.len == 1
             ? arena_printf(a, "%s: RBAC: %s", at, text.text)
             : arena_printf(a, "%s: RBAC: [%s]", at, text.text);
    buf_free(&text);
    return at;
}

static const char *sentence(struct search *s)
{
    const struct request_info *q = s->q;
    struct arena *a = s->w->arena;
    const char *bar = strchr(q->verb, '|');
    const char *object = *q->group ? arena_printf(a, "%s.%s", q->resource,
                                                  q->group) : q->resource;

    if (q->name)
        object = arena_printf(a, "%s \"%s\"", object, q->name);
    return arena_printf(a, "%s is forbidden: User \"%s\" cannot %s resource "
                           "\"%s%s%s\" in API group \"%s\"%s", object,
                        s->who->name, bar ? bar + 1 : q->verb, q->resource,
                        q->subresource ? "/" : "",
                        q->subresource ? q->subresource : "", q->group,
                        where(s));
}

bool rbac_allows(struct world *w, const struct requester *who,
                 const struct request_info *what, const char **why)
{
    struct search s = { .w = w, .who = who, .q = what };

    if (in_group(who, "system:masters") ||
        granted_by(&s, KIND_CLUSTERROLEBINDING) ||
        (*what->space && granted_by(&s, KIND_ROLEBINDING)))
        return true;
    if (why)
        *why = sentence(&s);
    return false;
}
