/*
 * rbac.h - ServiceAccount, Role, ClusterRole and their bindings: who may do
 * what.  Reference section 10.4.
 */
#ifndef MODELS_RBAC_H
#define MODELS_RBAC_H
#include "models/object.h"

struct world;

/* All lists end with NULL; "*" in one means everything. */
struct role_rule {
    const char *const *verbs, *const *groups, *const *resources;
    const char *const *names;   /* NULL: of every name */
};

struct role {                   /* Role or ClusterRole */
    struct meta meta;
    const struct role_rule *rules;
    size_t nrules;
    const struct selector *const *aggregates;   /* of ClusterRoles whose rules
                                                 * count too */
    size_t naggregates;
    const struct value *raw;
};

enum subject_kind { SUBJECT_USER, SUBJECT_GROUP, SUBJECT_ACCOUNT };
struct subject {
    enum subject_kind kind;
    const char *name, *space;   /* space: of a ServiceAccount */
};

struct role_binding {           /* RoleBinding or ClusterRoleBinding */
    struct meta meta;
    bool of_cluster_role;
    const char *role;
    const struct subject *subjects;
    size_t nsubjects;
    const struct value *raw;
};

struct service_account {
    struct meta meta;
    const struct value *raw;
};

#define role_of(m) ((struct role *)(m))
#define role_seen(m) ((const struct role *)(m))
#define role_binding_of(m) ((struct role_binding *)(m))
#define role_binding_seen(m) ((const struct role_binding *)(m))
#define service_account_seen(m) ((const struct service_account *)(m))

/* Who asks. */
struct requester {
    const char *name;           /* "jane", "system:serviceaccount:ns:name" */
    const char *const *groups;  /* NULL-terminated, or NULL; besides those that
                                 * everybody is in */
};

/* What for. */
struct request_info {
    const char *verb;           /* "patch"; "update|patch": either will do */
    const char *group, *resource;
    const char *subresource;    /* "scale"; NULL: none */
    const char *space;          /* "": at the cluster scope */
    const char *name;           /* NULL: none, as in list */
};

/* Say which object is meant: its group, resource and name (NULL: none), of a
 * kind, by its name in the store. */
void request_about(struct world *w, struct request_info *q, enum kind kind,
                   const char *name);

/* Does RBAC allow it?  Else *why (may be NULL) is the API server's sentence, of
 * the replication's arena. */
bool rbac_allows(struct world *w, const struct requester *who,
                 const struct request_info *what, const char **why);

/* The user name of a ServiceAccount. */
const char *rbac_account(struct arena *a, const char *space,
                         const char *name);

#endif
