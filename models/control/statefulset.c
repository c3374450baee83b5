/*
 * statefulset.c - the StatefulSet controller: from events to syncs, from plans
 * to calls.
 *
 * A sync finds or makes the revision of the template, lets statefulset_plan.c
 * decide, and makes the calls: claims before the pod that uses them, then the
 * status, then the end of old revisions.  A refusal ends the pod calls; since
 * 1.20 the status is written all the same.
 *
 * A pod is called <set>-<ordinal>, so a new one cannot be made before the old
 * one is gone, and claims called <template>-<set>-<ordinal> find it again.
 *
 * Stale caches: 1.36 refuses to sync while its own writes have not come back,
 * and tries again with back-off; 1.20 may then be refused an existing pod.
 *
 * Not modelled: repairs of pods, the GET before an adoption, a
 * persistentVolumeClaimRetentionPolicy: claims are kept for ever.
 * Source: kubernetes pkg/controller/statefulset/stateful_set.go,
 * stateful_set_control.go, stateful_pod_control.go at v1.20.2 and v1.36.2;
 * reference 3.1.
 */
#include <string.h>

#include "base/bug.h"
#include "base/pool.h"
#include "models/claim.h"
#include "models/controller.h"
#include "models/orphans.h"
#include "models/pod_control.h"
#include "models/revision.h"
#include "models/statefulset_plan.h"
#include "models/unseen.h"
#include "models/world.h"

struct statefulsets {
    struct controller *c;
    struct informer *sets, *pods, *revisions, *claims;
    struct orphans orphans, lost_revisions;
    struct map states;          /* uid of a set -> struct set_state */
    struct map templates;       /* "namespace/revision" -> its template with
                                 * the label of its pods */
    struct arena *scratch;      /* of one decision */
    struct pool notes;
};

/* A call for a pod or a claim under way. */
struct note {
    struct set_state *st;
    const struct stateful_write *w;     /* only until the calls are sent */
    enum stateful_verb verb;
    bool update;
    const char *pod, *claim;    /* names; claim NULL: it is about the pod */
    struct call *after;         /* deletes what this creates; NULL: none */
    struct note *next;          /* of the same sync */
};

/* A set, and its sync under way: there is one at a time. */
struct set_state {
    struct statefulsets *ss;
    struct unseen unseen;       /* own writes */
    struct statefulset seen;    /* a copy: as the sync saw it */
    const char *current, *update;       /* names of its revisions */
    struct stateful_counts counts;
    sim_time next_available;
    VEC(object_uid) expired;    /* revisions */
    struct note *notes;
    bool unrevised;             /* the revision could not be written */
    enum api_code status_code;  /* of the first status write; 0: none yet */
    int collisions;             /* names taken by other templates */
};

static struct set_state *state_of(struct statefulsets *ss, object_uid uid)
{
    struct set_state *st = map_get_number(&ss->states, uid);

    if (!st) {
        st = arena_make(ss->c->w->arena, struct set_state);
        st->ss = ss;
        map_put_number(&ss->states, uid, st);
    }
    return st;
}

/* ---- events ------------------------------------------------------------- */

static void on_set(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct statefulsets *ss = ctx;
    object_uid uid = after ? after->uid : before->uid;

    unseen_show(&state_of(ss, uid)->unseen, uid, after);
    controller_enqueue(ss->c, uid);
}

/* minReadySeconds, as far as it is honoured. */
static int min_ready_s(const struct statefulsets *ss, const struct meta *set)
{
    return world_is(ss->c->w, KUBE_1_20) ? 0
           : statefulset_seen(set)->min_ready_s;
}

/* A pod of a set is new, changed or gone. */
static void observe(struct statefulsets *ss, object_uid owner,
                    const struct meta *before, const struct meta *after)
{
    const struct meta *set = informer_get(ss->sets, owner);

    if (!set)
        return;
    unseen_show(&state_of(ss, owner)->unseen, (after ? after : before)->uid,
                after);
    controller_enqueue(ss->c, owner);
    if (after && before && !meta_deleting(after) && pod_seen(after)->ready &&
        !pod_seen(before)->ready && min_ready_s(ss, set) > 0)
        controller_enqueue_after(ss->c, owner, min_ready_s(ss, set) * SIM_S);
}

/* Queue every set whose selector matches an orphan. */
static void enqueue_matching(struct statefulsets *ss, const struct meta *m)
{
    for (size_t i = 0; i < informer_count(ss->sets); i++) {
        const struct statefulset *set =
            statefulset_seen(informer_at(ss->sets, i));

        if (orphan_fits(m, set->meta.space, set->selector))
            controller_enqueue(ss->c, set->meta.uid);
    }
}

static void on_pod(void *ctx, const struct meta *before,
                   const struct meta *after)
{
    struct statefulsets *ss = ctx;

    orphans_see(&ss->orphans, before, after);
    if (before && before->owner != 0 &&
        (!after || after->owner != before->owner))
        observe(ss, before->owner, before, after);
    if (after && after->owner != 0)
        observe(ss, after->owner, before, after);
    else if (after && (!before || before->owner != 0 ||
                       !labels_equal(before->labels, after->labels)))
        enqueue_matching(ss, after);
}

static void on_revision(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    struct statefulsets *ss = ctx;
    const struct meta *m = after ? after : before;

    orphans_see(&ss->lost_revisions, before, after);
    if (m->owner != 0)
        unseen_show(&state_of(ss, m->owner)->unseen, m->uid, after);
}

/* Pods of other controllers are not looked at. */
static bool wants_owned(void *ctx, const struct meta *before,
                        const struct meta *after)
{
    const struct statefulsets *ss = ctx;

    return owned_by_kind(ss->c->w->api, KIND_STATEFULSET, before, after);
}

static const struct informer_ops watch_sets = {
    .name = "statefulset.sets", .latency = TIMING_WATCH_CONTROLLER,
    .handle = on_set,
};

static const struct informer_ops watch_pods = {
    .name = "statefulset.pods", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_owned, .handle = on_pod,
};

static const struct informer_ops watch_revisions = {
    .name = "statefulset.revisions", .latency = TIMING_WATCH_CONTROLLER,
    .wants = wants_owned, .handle = on_revision,
};

static const struct informer_ops watch_claims = {
    .name = "statefulset.claims", .latency = TIMING_WATCH_CONTROLLER,
};

/* ---- revisions ---------------------------------------------------------- */

/* What a sync works with. */
struct job {
    struct statefulsets *ss;
    struct sync *s;
    struct set_state *st;
    const struct controllerrevision **revisions;        /* lowest first */
    size_t nrevisions;
    const struct pod **pods;
    size_t npods;
};

static void on_revision_made(struct call *call, enum api_code code,
                             const struct meta *result, const char *reason)
{
    struct set_state *st = call->ctx;
    const struct meta *other;

    (void)reason;
    if (result)
        unseen_expect(&st->unseen, st->ss->c->w->arena, result->uid,
                      result->version);
    st->unrevised = result == NULL;
    if (code != API_EXISTS)
        return;
    other = api_find(st->ss->c->w->api, KIND_REVISION, st->seen.meta.space,
                     st->update);
    if (!other || controllerrevision_seen(other)->template->identity !=
                      st->seen.template->identity)
        st->collisions++;       /* the retry takes another name */
}

/* Find or make the update revision, and find the current one. */
static void choose_revisions(struct job *j)
{
    struct world *w = j->ss->c->w;
    struct statefulset *seen = &j->st->seen;
    struct revision_pick pick = revision_pick(j->revisions, j->nrevisions,
                                              seen->template);
    struct meta *draft;
    const char *hash;
    struct call *call = NULL;

    if (!pick.found) {
        draft = revision_draft(w, &seen->meta, seen->template,
                               j->st->collisions, pick.number, &hash);
        j->st->update = draft->name;
        call = sync_create(j->s, draft);
    } else {
        j->st->update = pick.found->meta.name;
        if (pick.found->revision != pick.number) {
            draft = api_draft(w->api, &pick.found->meta);
            controllerrevision_of(draft)->revision = pick.number;
            call = sync_update(j->s, draft);
        }
    }
    if (call) {
        call->done = on_revision_made;
        call->ctx = j->st;
    }
    j->st->current = j->st->update;
    for (size_t i = 0; seen->current_revision && i < j->nrevisions; i++)
        if (strcmp(j->revisions[i]->meta.name, seen->current_revision) == 0)
            j->st->current = seen->current_revision;
}

static bool is_live(void *ctx, const struct controllerrevision *r)
{
    const struct job *j = ctx;

    if (strcmp(r->meta.name, j->st->current) == 0 ||
        strcmp(r->meta.name, j->st->update) == 0)
        return true;
    for (size_t i = 0; i < j->npods; i++)
        if (strcmp(r->meta.name, pod_revision(j->pods[i])) == 0)
            return true;
    return false;
}

static void note_expired(struct job *j)
{
    const struct controllerrevision **out =
        arena_many(j->ss->scratch, const struct controllerrevision *,
                   j->nrevisions);
    size_t n = revisions_expired(j->revisions, j->nrevisions,
                                 j->st->seen.revision_history_limit, false,
                                 is_live, j, out);

    vec_clear(&j->st->expired);
    for (size_t i = 0; i < n; i++)
        vec_push(j->ss->c->w->arena, &j->st->expired, out[i]->meta.uid);
}

/* The template of a revision, as its pods have it. */
static const struct pod_template *template_of(struct job *j, const char *name)
{
    struct world *w = j->ss->c->w;
    const char *key = arena_printf(j->ss->scratch, "%s/%s",
                                   j->st->seen.meta.space, name);
    const struct pod_template *t = map_get(&j->ss->templates, key);

    if (t)
        return t;
    t = j->st->seen.template;
    for (size_t i = 0; i < j->nrevisions; i++)
        if (strcmp(j->revisions[i]->meta.name, name) == 0)
            t = j->revisions[i]->template;
    t = pod_template_with_label(w->arena, t, REVISION_LABEL, name);
    map_put(&j->ss->templates, arena_strdup(w->arena, key), (void *)t);
    return t;
}

/* ---- answers ------------------------------------------------------------ */

/* Tell what became of a call.  Since 1.20 the sentence begins like one. */
static void tell(const struct note *n, bool good, const char *reason)
{
    static const char *const events[2][2] = {
        { "FailedCreate", "SuccessfulCreate" },
        { "FailedDelete", "SuccessfulDelete" },
    };
    static const char *const verbs[2][2] = {
        { "create", "Create" }, { "delete", "Delete" },
    };
    struct controller *c = n->st->ss->c;
    const struct meta *about = &n->st->seen.meta;
    bool deleted = n->verb == STATEFUL_DELETE;
    const char *event = events[deleted][good];
    const char *verb = verbs[deleted][!world_is(c->w, KUBE_1_20)];
    const char *what = n->claim
        ? arena_printf(n->st->ss->scratch, "Claim %s Pod %s", n->claim,
                       n->pod)
        : arena_printf(n->st->ss->scratch, "Pod %s", n->pod);

    if (good)
        controller_event(c, about, "Normal", event,
                         "%s %s in StatefulSet %s %s", verb, what,
                         about->name, n->claim ? "success" : "successful");
    else
        controller_event(c, about, "Warning", event,
                         "%s %s in StatefulSet %s failed error: %s", verb,
                         what, about->name, reason ? reason : "refused");
}

static void on_created(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct note *n = call->ctx;

    if (result) {
        unseen_expect(&n->st->unseen, call->client->w->arena, result->uid,
                      result->version);
        if (n->after)
            n->after->uid = result->uid;
    }
    if (code != API_EXISTS)
        tell(n, result != NULL, reason);
}

static void on_claimed(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    if (code != API_EXISTS)
        tell(call->ctx, result != NULL, reason);
}

static void on_deleted(struct call *call, enum api_code code,
                       const struct meta *result, const char *reason)
{
    struct note *n = call->ctx;
    struct controller *c = n->st->ss->c;

    (void)result;
    if (code == API_OK && informer_get(n->st->ss->pods, call->uid))
        unseen_expect(&n->st->unseen, c->w->arena, call->uid, 0);
    if (n->update && (code == API_OK || code == API_NOT_FOUND))
        n->st->counts.current--;
    tell(n, code == API_OK, reason);
}

/* ---- calls -------------------------------------------------------------- */

static struct note *note_add(struct job *j, const struct stateful_write *w)
{
    struct note *n = pool_take(&j->ss->notes);

    n->st = j->st;
    n->w = w;
    n->verb = w->verb;
    n->update = w->update;
    n->pod = w->pod ? w->pod->meta.name
                    : arena_printf(j->ss->c->w->arena, "%s-%d",
                                   j->st->seen.meta.name, w->ordinal);
    n->next = j->st->notes;
    j->st->notes = n;
    return n;
}

/* The claims of a pod that are not there. */
static void claim(struct job *j, const struct stateful_write *w)
{
    struct world *world = j->ss->c->w;
    const struct statefulset *set = &j->st->seen;

    for (size_t i = 0; w->verb != STATEFUL_DELETE && i < set->nclaims; i++) {
        const char *name = arena_printf(j->ss->scratch, "%s-%s-%d",
                                        set->claims[i].name, set->meta.name,
                                        w->ordinal);
        struct meta *draft;
        struct note *n;
        struct call *call;

        if (informer_find(j->ss->claims, set->meta.space, name))
            continue;
        draft = api_new_draft(world->api, KIND_CLAIM);
        draft->name = arena_strdup(world->arena, name);
        draft->space = set->meta.space;
        claim_of(draft)->spec = set->claims[i];
        claim_of(draft)->spec.name = "";
        claim_of(draft)->phase = CLAIM_PENDING;
        n = note_add(j, w);
        n->claim = draft->name;
        call = sync_create(j->s, draft);
        call->done = on_claimed;
        call->ctx = n;
    }
}

/* t with the names of the claims of this pod. */
static const struct pod_template *with_claims(struct job *j,
                                              const struct pod_template *t,
                                              int ordinal)
{
    struct arena *a = j->ss->c->w->arena;
    const struct statefulset *set = &j->st->seen;
    struct pod_template *mine = arena_make(a, struct pod_template);
    struct pod_spec *spec = arena_make(a, struct pod_spec);
    size_t had = t->spec->nclaims;
    const char **names = arena_many(a, const char *, had + set->nclaims);

    *mine = *t;
    *spec = *t->spec;
    for (size_t i = 0; i < had; i++)
        names[i] = t->spec->claims[i];
    for (size_t i = 0; i < set->nclaims; i++)
        names[had + i] = arena_printf(a, "%s-%s-%d", set->claims[i].name,
                                      set->meta.name, ordinal);
    spec->claims = names;
    spec->nclaims = had + set->nclaims;
    mine->spec = spec;
    return mine;
}

static struct meta *draft_pod(struct job *j, const struct stateful_write *w,
                              const char *name)
{
    struct world *world = j->ss->c->w;
    struct arena *a = world->arena;
    const struct pod_template *t = template_of(j, w->revision);
    struct meta *draft;

    if (j->st->seen.nclaims > 0)
        t = with_claims(j, t, w->ordinal);
    draft = pod_draft(world, &j->st->seen.meta, t, name);
    draft->labels = labels_with(a, draft->labels,
                                "statefulset.kubernetes.io/pod-name", name);
    if (!world_is(world, KUBE_1_20))
        draft->labels = labels_with(a, draft->labels,
                                    "apps.kubernetes.io/pod-index",
                                    arena_printf(a, "%d", w->ordinal));
    return draft;
}

static void create_pod(struct job *j, const struct stateful_write *w)
{
    struct note *n = note_add(j, w);
    struct call *call = sync_create(j->s, draft_pod(j, w, n->pod));

    call->done = on_created;
    call->ctx = n;
}

/* The note of the pod that this sync creates at that place. */
static struct note *made_at(const struct job *j, int ordinal)
{
    for (struct note *n = j->st->notes; n; n = n->next)
        if (n->verb == STATEFUL_CREATE && !n->claim &&
            n->w->ordinal == ordinal)
            return n;
    BUG("pod %d is not made here", ordinal);
}

static void delete_pod(struct job *j, const struct stateful_write *w)
{
    struct note *made = w->pod ? NULL : made_at(j, w->ordinal);
    struct note *n = note_add(j, w);
    struct call *call = sync_delete(j->s, w->pod ? w->pod->meta.uid : 0);

    call->done = on_deleted;
    call->ctx = n;
    if (made)
        made->after = call;
    if (w->failed)
        controller_event(j->ss->c, &j->st->seen.meta, "Warning",
                         "RecreatingFailedPod",
                         "StatefulSet %s/%s is recreating failed Pod %s",
                         j->st->seen.meta.space, j->st->seen.meta.name,
                         n->pod);
}

/* One batch: claims first, then pods. */
static void send_batch(struct job *j, const struct stateful_write *w,
                       size_t n)
{
    if (j->st->seen.nclaims > 0) {
        sync_batch_begin(j->s);
        for (size_t i = 0; i < n; i++)
            claim(j, &w[i]);
        sync_batch_end(j->s);
    }
    sync_batch_begin(j->s);
    for (size_t i = 0; i < n; i++) {
        if (w[i].verb == STATEFUL_CREATE)
            create_pod(j, &w[i]);
        else if (w[i].verb == STATEFUL_DELETE)
            delete_pod(j, &w[i]);
    }
    sync_batch_end(j->s);
}

static void carry_out(struct job *j, const struct statefulset_plan *p)
{
    const struct stateful_write *w = p->writes.items;
    size_t end;

    for (size_t i = 0; i < p->writes.len; i = end) {
        for (end = i; end < p->writes.len && w[end].batch == w[i].batch;
             end++)
            ;
        send_batch(j, &w[i], end - i);
    }
}

/* ---- status ------------------------------------------------------------- */

static void on_status(struct call *call, enum api_code code,
                      const struct meta *result, const char *reason)
{
    struct set_state *st = call->ctx;

    (void)reason;
    st->status_code = code;
    if (result)
        unseen_expect(&st->unseen, st->ss->c->w->arena, result->uid,
                      result->version);
}

/* The status counted, over m but for its version. */
static struct call *write_status(struct sync *s, struct set_state *st,
                                 const struct meta *m, uint64_t version)
{
    struct world *w = st->ss->c->w;
    struct meta *draft = api_draft(w->api, m);
    struct statefulset_view v = {
        .seen = &st->seen, .current = st->current, .update = st->update,
        .version = w->spec->cluster.version,
    };
    struct call *call;

    draft->version = version;
    statefulset_status(&v, st->counts, statefulset_of(draft));
    statefulset_of(draft)->collisions = st->collisions;
    call = sync_update_status(s, draft);
    call->done = on_status;
    call->ctx = st;
    sync_tolerate(s, call);
    return call;
}

static void drop_expired(struct sync *s, struct set_state *st)
{
    for (size_t i = 0; i < st->expired.len; i++)
        sync_tolerate(s, sync_delete(s, st->expired.items[i]));
    vec_clear(&st->expired);
}

/* Look again when the next pod will be available. */
static void plan_check(struct sync *s, const struct set_state *st)
{
    sim_time now = world_now(st->ss->c->w);

    if (st->seen.min_ready_s == 0 || world_is(st->ss->c->w, KUBE_1_20) ||
        st->counts.available == st->seen.replicas)
        return;
    sync_requeue_after(s, st->next_available == SIM_NEVER
                              ? st->seen.min_ready_s * SIM_S
                              : st->next_available - now);
}

static void end_sync(struct controller *c, struct sync *s, object_uid key,
                     bool error, const char *why, void *arg)
{
    struct set_state *st = arg;

    (void)c;
    (void)key;
    (void)error;
    (void)why;
    if (st->status_code != API_OK && st->status_code != 0)
        sync_fail(s, "status could not be written");
    plan_check(s, st);
}

/* The status was answered: a conflict is tried once more. */
static void after_status(struct controller *c, struct sync *s, object_uid key,
                         bool error, const char *why, void *arg)
{
    struct set_state *st = arg;
    const struct meta *newest = api_get(c->w->api, key);

    (void)error;
    (void)why;
    if (st->status_code == API_CONFLICT && newest)
        write_status(s, st, newest, newest->version);
    drop_expired(s, st);
    sync_finally(s, end_sync, st);
}

static void free_notes(struct set_state *st)
{
    struct note *next;

    for (struct note *n = st->notes; n; n = next) {
        next = n->next;
        pool_put(&st->ss->notes, n);
    }
    st->notes = NULL;
}

/* All pod calls are answered, or were given up. */
static void after_pods(struct controller *c, struct sync *s, object_uid key,
                       bool error, const char *why, void *arg)
{
    struct set_state *st = arg;
    const struct meta *m = informer_get(st->ss->sets, key);
    struct statefulset scratch = st->seen;
    struct statefulset_view v = {
        .seen = &st->seen, .current = st->current, .update = st->update,
        .version = c->w->spec->cluster.version,
    };

    (void)why;
    free_notes(st);
    st->status_code = 0;
    if (m && !st->unrevised && !(error && world_is(c->w, KUBE_1_20)) &&
        statefulset_status(&v, st->counts, &scratch))
        write_status(s, st, m, st->seen.meta.version);
    sync_finally(s, after_status, st);
}

/* ---- the control loop --------------------------------------------------- */

/* A pod belongs to a set only if its name says so as well. */
static bool is_member(const struct meta *set, const struct meta *pod)
{
    return statefulset_ordinal(set->name, pod->name) >= 0;
}

static void gather(struct job *j)
{
    struct statefulsets *ss = j->ss;
    const struct statefulset *seen = &j->st->seen;
    struct api *api = ss->c->w->api;

    const struct meta **list;

    list = orphans_claim(&ss->lost_revisions, api, j->s, &seen->meta,
                         seen->selector, NULL, ss->scratch, &j->nrevisions);
    j->revisions = arena_many(ss->scratch, const struct controllerrevision *,
                              j->nrevisions);
    for (size_t i = 0; i < j->nrevisions; i++)
        j->revisions[i] = controllerrevision_seen(list[i]);
    revisions_sort(j->revisions, j->nrevisions);
    list = orphans_claim(&ss->orphans, api, j->s, &seen->meta,
                         seen->selector, is_member, ss->scratch, &j->npods);
    j->pods = arena_many(ss->scratch, const struct pod *, j->npods);
    for (size_t i = 0; i < j->npods; i++)
        j->pods[i] = pod_seen(list[i]);
}

static void decide(struct job *j)
{
    struct world *w = j->ss->c->w;
    struct statefulset_view v = {
        .seen = &j->st->seen, .pods = j->pods, .npods = j->npods,
        .current = j->st->current, .update = j->st->update,
        .version = w->spec->cluster.version, .w = w, .now = world_now(w),
        .scratch = j->ss->scratch,
    };
    struct statefulset_plan plan;

    statefulset_plan(&v, &plan);
    j->st->counts = plan.counts;
    j->st->next_available = statefulset_next_available(&v);
    carry_out(j, &plan);
}

static void sync(struct controller *c, struct sync *s, object_uid key)
{
    struct statefulsets *ss = c->state;
    const struct meta *m = informer_get(ss->sets, key);
    struct job j = { .ss = ss, .s = s, .st = state_of(ss, key) };

    if (!m)
        return;
    if (!world_is(c->w, KUBE_1_20) && unseen_any(&j.st->unseen)) {
        sync_fail(s, "the caches are older than the last write");
        return;
    }
    arena_reset(ss->scratch);
    j.st->seen = *statefulset_seen(m);
    j.st->unrevised = false;
    CHECK(!j.st->notes);
    gather(&j);
    choose_revisions(&j);
    note_expired(&j);
    decide(&j);
    sync_finally(s, after_pods, j.st);
}

static void start(struct controller *c)
{
    struct world *w = c->w;
    struct statefulsets *ss = arena_make(w->arena, struct statefulsets);

    ss->c = c;
    c->state = ss;
    ss->scratch = arena_under(w->arena);
    map_init(&ss->states, w->arena);
    map_init(&ss->templates, w->arena);
    pool_init(&ss->notes, w->arena, sizeof(struct note));
    ss->sets = informer_new(w, KIND_STATEFULSET, &watch_sets, ss);
    ss->pods = informer_new(w, KIND_POD, &watch_pods, ss);
    ss->revisions = informer_new(w, KIND_REVISION, &watch_revisions, ss);
    ss->claims = informer_new(w, KIND_CLAIM, &watch_claims, ss);
    orphans_init(&ss->orphans, w->arena, ss->pods);
    orphans_init(&ss->lost_revisions, w->arena, ss->revisions);
    for (size_t i = 0; i < informer_count(ss->sets); i++)
        controller_enqueue(c, informer_at(ss->sets, i)->uid);
}

const struct controller_ops controller_statefulset = {
    .name = "statefulset",
    .doc = "keeps the numbered pods of each StatefulSet, and replaces them "
           "from the highest",
    .workers = 5,
    .max_retries = -1,
    .start = start,
    .sync = sync,
};
