/*
 * quota.h - the ResourceQuota object, and what objects use of it.
 */
#ifndef MODELS_QUOTA_H
#define MODELS_QUOTA_H
#include "models/amounts.h"
#include "models/object.h"

struct world;

/* Which pods a quota is about: scopes and scopeSelector alike. */
enum quota_scope_name { QUOTA_TERMINATING, QUOTA_NOT_TERMINATING,
                        QUOTA_BEST_EFFORT, QUOTA_NOT_BEST_EFFORT,
                        QUOTA_PRIORITY_CLASS, QUOTA_CROSS_NAMESPACE };
struct quota_scope {
    enum quota_scope_name name;
    struct requirement rule;    /* of PRIORITY_CLASS: on the class's name */
};

struct quota {
    struct meta meta;
    struct amounts hard;        /* spec.hard */
    const struct quota_scope *scopes;   /* all must hold */
    size_t nscopes;
    const struct value *raw;
    /* status: what admission goes by */
    bool counted;               /* the quota controller has been there */
    struct amounts in_force, used;      /* hard, used */
};

#define quota_of(m) ((struct quota *)(m))
#define quota_seen(m) ((const struct quota *)(m))

/* What the object m uses, by the names that quotas have.  Pods that have ended,
 * or are overdue to be gone, use nothing but their own object. */
struct amounts quota_usage(const struct world *w, struct arena *a,
                           const struct meta *m);

/* Is m one of the objects that the quota is about, by namespace and scopes? */
bool quota_covers(const struct quota *q, const struct meta *m);

/* Is a resource of this name used by objects of this kind? */
bool quota_concerns(struct arena *a, enum kind k, const char *resource);

/* Does a pod still count (reference 10.1)? */
struct pod;
bool quota_counts_pod(const struct world *w, const struct pod *p);

#endif
