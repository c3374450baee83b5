/*
 * rollout_lab.h - a Deployment in a world of rounds, for tests.
 *
 * The world of reference 12.3.  Each round: actions, one sync of the
 * controller on caches that are up to date, then pods: a set gets what it asks
 * for at once, a pod is available so many rounds after its birth, removals
 * take the not available ones first, then the youngest.  Writes are never
 * refused.  All functions are static: include this in one place per program.
 */
#ifndef TESTS_ROLLOUT_LAB_H
#define TESTS_ROLLOUT_LAB_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"
#include "base/units.h"
#include "models/deployment.h"

#define VERSIONS 16
#define NEVER 1000000           /* rounds */

struct lab_pod {
    int birth;                  /* round */
    int removed;                /* round in which it was; NEVER: active */
};

struct lab_set {
    struct replicaset rs;
    int version;                /* of the template */
    VEC(struct lab_pod) pods;
};

struct lab {
    struct arena *a;
    struct deployment d;
    int version;                /* of its template */
    const struct pod_template *templates[VERSIONS];
    int latency[VERSIONS];      /* rounds from birth to available */
    int termination;            /* rounds from removal to gone */
    VEC(struct lab_set *) sets; /* oldest first */
    int round;
    object_uid last_uid;
};

/* ---- setting up --------------------------------------------------------- */

static const struct value *map1(struct arena *a, const char *key,
                                const struct value *v)
{
    struct member *m = arena_make(a, struct member);

    m->key = key;
    m->value = v;
    return value_map(a, m, 1, NULL);
}

/* {metadata: {labels: {app: web}}, spec: {containers: [...img:version]}} */
static const struct pod_template *make_template(struct arena *a, int version)
{
    const struct value **items = arena_make(a, const struct value *);
    struct member *c = arena_many(a, struct member, 2);
    struct member *m = arena_many(a, struct member, 2);
    struct err_list errors;

    err_init(&errors, a);
    c[0] = (struct member){ .key = "name", .value = value_string(a, "c",
                                                                 NULL) };
    c[1] = (struct member){
        .key = "image",
        .value = value_string(a, arena_printf(a, "img:%d", version), NULL),
    };
    items[0] = value_map(a, c, 2, NULL);
    m[0] = (struct member){
        .key = "metadata",
        .value = map1(a, "labels",
                      map1(a, "app", value_string(a, "web", NULL))),
    };
    m[1] = (struct member){
        .key = "spec",
        .value = map1(a, "containers", value_list(a, items, 1, NULL)),
    };
    return pod_template_from(a, value_map(a, m, 2, NULL), "spec.template",
                             &errors);
}

static struct lab *lab_new(struct arena *a, int replicas)
{
    struct lab *lab = arena_make(a, struct lab);
    struct deployment *d = &lab->d;

    lab->a = a;
    for (int v = 1; v < VERSIONS; v++) {
        lab->templates[v] = make_template(a, v);
        lab->latency[v] = 1;
    }
    d->meta = (struct meta){ .kind = KIND_DEPLOYMENT, .uid = 1, .name = "web",
                             .space = "default", .generation = 1,
                             .deleted = SIM_NEVER };
    lab->last_uid = 1;
    d->selector = selector_from_map(a, map1(a, "app",
                                            value_string(a, "web", NULL)));
    d->replicas = replicas;
    d->revision_history_limit = 10;
    d->progress_deadline_s = 600;
    lab->version = 1;
    d->template = lab->templates[1];
    return lab;
}

static void read_limit(const char *cell, struct int_or_percent *out)
{
    *out = (struct int_or_percent){ 0 };
    if (strcmp(cell, "-") != 0)
        parse_int_or_percent(cell, strchr(cell, '%') != NULL, out, NULL);
}

/* ---- actions ------------------------------------------------------------ */

/* The set of a revision; 0: of the second highest. */
static const struct lab_set *set_of_revision(const struct lab *lab,
                                             int64_t revision)
{
    const struct lab_set *first = NULL, *second = NULL;

    for (size_t i = 0; i < lab->sets.len; i++) {
        const struct lab_set *s = lab->sets.items[i];

        if (revision != 0 && s->rs.revision == revision)
            return s;
        if (!first || s->rs.revision > first->rs.revision) {
            second = first;
            first = s;
        } else if (!second || s->rs.revision > second->rs.revision) {
            second = s;
        }
    }
    return revision == 0 ? second : NULL;
}

static void set_version(struct lab *lab, int version)
{
    CHECK(version > 0 && version < VERSIONS);
    lab->version = version;
    lab->d.template = lab->templates[version];
}

/* One action: name, and what follows the "=" ("" if nothing). */
static void act(struct lab *lab, const char *name, const char *value)
{
    struct deployment *d = &lab->d;
    int n = (int)strtol(value, NULL, 10);
    const struct lab_set *s;

    d->meta.generation++;
    if (strcmp(name, "image") == 0)
        set_version(lab, n);
    else if (strcmp(name, "scale") == 0)
        d->replicas = n;
    else if (strcmp(name, "surge") == 0)
        read_limit(value, &d->max_surge);
    else if (strcmp(name, "unavailable") == 0)
        read_limit(value, &d->max_unavailable);
    else if (strcmp(name, "pause") == 0 || strcmp(name, "resume") == 0)
        d->paused = *name == 'p';
    else if (strcmp(name, "undo") == 0 && (s = set_of_revision(lab, n)))
        set_version(lab, s->version);
}

/* ---- one sync ----------------------------------------------------------- */

static struct lab_set *lab_set_of(struct lab *lab, object_uid uid)
{
    for (size_t i = 0; i < lab->sets.len; i++)
        if (lab->sets.items[i]->rs.meta.uid == uid)
            return lab->sets.items[i];
    BUG("no set %u", uid);
}

static bool has_pods(void *ctx, const struct replicaset *set)
{
    struct lab *lab = ctx;
    const struct lab_set *s = lab_set_of(lab, set->meta.uid);

    for (size_t i = 0; i < s->pods.len; i++) {
        struct lab_pod p = s->pods.items[i];

        if (p.removed == NEVER ||
            lab->round - 1 < p.removed + lab->termination)
            return true;
    }
    return false;
}

static void lab_create(struct lab *lab, const struct replicaset *rs)
{
    struct lab_set *s = arena_make(lab->a, struct lab_set);

    s->rs = *rs;
    s->rs.meta.uid = ++lab->last_uid;
    s->rs.meta.created = lab->round * SIM_S;
    s->rs.meta.generation = 1;
    s->version = lab->version;
    vec_push(lab->a, &lab->sets, s);
}

static void lab_update(struct lab *lab, const struct replicaset *rs)
{
    struct lab_set *s = lab_set_of(lab, rs->meta.uid);

    s->rs.meta.generation += s->rs.replicas != rs->replicas;
    s->rs.replicas = rs->replicas;
    s->rs.desired = rs->desired;
    s->rs.max = rs->max;
    s->rs.revision = rs->revision;
    s->rs.revision_history = rs->revision_history;
}

static void lab_delete(struct lab *lab, object_uid uid)
{
    for (size_t i = 0; i < lab->sets.len; i++)
        if (lab->sets.items[i]->rs.meta.uid == uid) {
            vec_remove(&lab->sets, i);
            return;
        }
}

/* The status, and nothing of the spec. */
static void lab_status(struct lab *lab, const struct deployment *d)
{
    struct deployment was = lab->d;

    lab->d = *d;
    lab->d.meta = was.meta;
    lab->d.replicas = was.replicas;
}

/* One sync; *p is what it decided. */
static void lab_sync(struct lab *lab, struct deployment_plan *p)
{
    struct deployment seen = lab->d;
    const struct replicaset **sets =
        arena_many(lab->a, const struct replicaset *, lab->sets.len);
    struct deployment_view v = {
        .seen = &seen, .sets = sets, .nsets = lab->sets.len,
        .blocked = has_pods, .ctx = lab, .now = lab->round * SIM_S,
        .progressed = seen.progressing.updated, .version = KUBE_1_36,
        .keep = lab->a, .scratch = lab->a,
    };

    for (size_t i = 0; i < lab->sets.len; i++)
        sets[i] = &lab->sets.items[i]->rs;
    deployment_plan(&v, p);
    for (size_t i = 0; i < p->writes.len; i++) {
        const struct deployment_write *w = &p->writes.items[i];

        if (w->verb == SET_CREATE)
            lab_create(lab, w->set);
        else if (w->verb == SET_UPDATE)
            lab_update(lab, w->set);
        else if (w->verb == SET_DELETE)
            lab_delete(lab, w->base->meta.uid);
        else
            lab_status(lab, w->d);
    }
}

/* ---- pods --------------------------------------------------------------- */

static bool is_available(const struct lab *lab, const struct lab_set *s,
                         const struct lab_pod *p)
{
    return p->removed == NEVER &&
           lab->round - p->birth >= lab->latency[s->version];
}

/* The one to remove: not available before available, then the youngest. */
static struct lab_pod *next_victim(const struct lab *lab, struct lab_set *s)
{
    struct lab_pod *best = NULL;

    for (size_t i = 0; i < s->pods.len; i++) {
        struct lab_pod *p = &s->pods.items[i];
        bool mine, its;

        if (p->removed != NEVER)
            continue;
        if (!best) {
            best = p;
            continue;
        }
        mine = is_available(lab, s, p);
        its = is_available(lab, s, best);
        if (mine != its ? !mine : p->birth > best->birth)
            best = p;
    }
    return best;
}

static int count_active(const struct lab_set *s)
{
    int n = 0;

    for (size_t i = 0; i < s->pods.len; i++)
        n += s->pods.items[i].removed == NEVER;
    return n;
}

static void move_pods_of(struct lab *lab, struct lab_set *s)
{
    struct lab_pod fresh = { .birth = lab->round, .removed = NEVER };
    int active = count_active(s);

    for (; active < s->rs.replicas; active++)
        vec_push(lab->a, &s->pods, fresh);
    for (; active > s->rs.replicas; active--)
        next_victim(lab, s)->removed = lab->round;
    s->rs.status_replicas = active;
    s->rs.available = 0;
    for (size_t i = 0; i < s->pods.len; i++)
        s->rs.available += is_available(lab, s, &s->pods.items[i]);
    s->rs.ready = s->rs.available;
    s->rs.observed_generation = s->rs.meta.generation;
}

/* Let the pods of all sets come and go. */
static void move_pods(struct lab *lab)
{
    for (size_t i = 0; i < lab->sets.len; i++)
        move_pods_of(lab, lab->sets.items[i]);
}

#endif
