/*
 * record.c - the rows that a replication leaves behind.
 *
 * Rows are derived from commits to the store, so they say what `kubectl get
 * --watch` would have shown: one row per change of any column.  What a pod
 * does between two commits (pulling, starting) is taken from the events of
 * its kubelet.  Without rows a commit costs a call and a compare.
 *
 * Not modelled: aggregation of repeated Kubernetes Events.
 */
#include "models/record.h"

#include <ctype.h>
#include <string.h>

#include "record_impl.h"
#include "base/map.h"
#include "models/argo.h"
#include "models/batch.h"
#include "models/clusters.h"
#include "models/measure.h"
#include "models/network.h"
#include "models/node.h"
#include "models/pod.h"
#include "models/rollout.h"
#include "models/workload.h"
#include "models/world.h"

/* The row of an object that was written last, by uid. */
struct last_row {
    struct timeline_row timeline;
    const char *state;          /* pods; NULL: none yet */
};

static struct last_row *last_row(struct world *w, object_uid uid)
{
    struct last_row *last = map_get_number(&w->record.last, uid);

    if (!last) {
        last = arena_make(w->arena, struct last_row);
        map_put_number(&w->record.last, uid, last);
    }
    return last;
}

void record_init(struct record *r, struct arena *a, bool rows)
{
    *r = (struct record){ .arena = a, .rows = rows };
    map_init(&r->last, a);
    map_init(&r->named, a);
    map_init(&r->connected, a);
    map_init(&r->blocked, a);
}

/* ---- workloads and Services --------------------------------------------- */

static bool same_row(const struct timeline_row *a,
                     const struct timeline_row *b)
{
    return a->kind && a->revision == b->revision &&
           strcmp(a->image, b->image) == 0 && a->desired == b->desired &&
           a->pods == b->pods && a->ready == b->ready &&
           a->available == b->available && a->endpoints == b->endpoints;
}

static void put_timeline(struct world *w, const struct meta *m,
                         struct timeline_row row)
{
    struct last_row *last = last_row(w, m->uid);

    row.at = world_now(w);
    row.kind = kind_name(m->kind);
    row.space = m->space;
    row.name = m->name;
    if (same_row(&last->timeline, &row))
        return;
    last->timeline = row;
    vec_push(w->arena, &w->record.timeline, row);
}

static void record_workload_row(struct world *w, const struct meta *m,
                                bool gone)
{
    struct timeline_row row;

    if (!record_workload(w, m, &row))
        return;
    if (gone)
        row.desired = row.pods = row.ready = row.available = 0;
    put_timeline(w, m, row);
}

/* A Service's row counts the endpoints that its slice calls ready. */
static void record_service(struct world *w, const struct meta *service,
                           const struct endpointslice *slice)
{
    int ready = 0;

    for (size_t i = 0; slice && i < slice->len; i++)
        ready += slice->items[i].ready;
    put_timeline(w, service, (struct timeline_row){
        .revision = -1, .image = "", .desired = -1, .pods = -1, .ready = -1,
        .available = -1, .endpoints = ready,
    });
}

static void record_slice(struct world *w, const struct meta *m, bool gone)
{
    const struct meta *service = api_get(w->api, m->owner);

    if (service && service->kind == KIND_SERVICE)
        record_service(w, service, gone ? NULL : slice_seen(m));
}

/* ---- pods --------------------------------------------------------------- */

static bool was_ready(const char *state)
{
    return state && (strcmp(state, "Ready") == 0 ||
                     strcmp(state, "NotReady") == 0);
}

static bool is_starting(const char *state)
{
    return state && (strcmp(state, "Pulling") == 0 ||
                     strcmp(state, "Starting") == 0);
}

/* The word for what a pod is doing; last: the word before, or NULL. */
static const char *pod_state(const struct pod *p, const char *last)
{
    if (meta_deleting(&p->meta))
        return "Terminating";
    if (p->phase == POD_SUCCEEDED)
        return "Succeeded";
    if (p->phase == POD_FAILED)
        return "Failed";
    if (p->waiting && strcmp(p->waiting, "CrashLoopBackOff") == 0)
        return "CrashLoopBackOff";
    if (p->waiting && (strcmp(p->waiting, "ImagePullBackOff") == 0 ||
                       strcmp(p->waiting, "ErrImagePull") == 0))
        return "ImagePullBackOff";
    if (p->phase == POD_RUNNING && p->ready)
        return "Ready";
    if (p->phase == POD_RUNNING)
        return was_ready(last) ? "NotReady" : "Running";
    if (p->node == 0)
        return "Pending";
    return is_starting(last) ? last : "Scheduled";
}

static void put_pod(struct world *w, const struct pod *p, const char *state)
{
    struct last_row *last = last_row(w, p->meta.uid);
    const struct meta *node = api_get(w->api, p->node);
    struct pod_row row = {
        .at = world_now(w), .space = p->meta.space, .pod = p->meta.name,
        .image = record_image(p->template),
        .node = node ? node->name : "", .state = state,
    };

    if (last->state && strcmp(last->state, state) == 0)
        return;
    row.revision = record_pod_revision(w, p);
    last->state = state;
    vec_push(w->arena, &w->record.pods, row);
    record_view_pod(w, p, state);
}

static void record_pod(struct world *w, const struct meta *m, bool gone)
{
    const struct pod *p = pod_seen(m);

    put_pod(w, p, gone ? "Gone" : pod_state(p, last_row(w, m->uid)->state));
}

/* What only the kubelet's events tell of a pod that is starting.  Events of
 * others, of which no more than the metadata is there, say none of it. */
static void record_pod_step(struct world *w, const struct meta *m,
                            const char *reason)
{
    const char *state = strcmp(reason, "Pulling") == 0  ? "Pulling"
                        : strcmp(reason, "Pulled") == 0 ? "Starting"
                        : strcmp(reason, "Created") == 0 ? "Starting" : NULL;

    if (state && pod_seen(m)->phase == POD_PENDING && !meta_deleting(m))
        put_pod(w, pod_seen(m), state);
}

/* ---- events ------------------------------------------------------------- */

/* "deployment/web", as kubectl get events has it. */
static const char *object_word(struct world *w, const struct meta *m)
{
    char *s;

    if (m->kind == KIND_CUSTOM)
        return m->name;         /* "database.example.com/shop" */
    s = arena_printf(w->arena, "%s/%s", kind_name(m->kind), m->name);
    for (char *c = s; *c && *c != '/'; c++)
        *c = (char)tolower((unsigned char)*c);
    return s;
}

static void put_event(struct world *w, struct event_row row)
{
    row.at = world_now(w);
    vec_push(w->arena, &w->record.events, row);
}

void record_event(struct world *w, const struct meta *about,
                  const char *type, const char *reason, const char *format,
                  ...)
{
    const char *message = "";
    va_list args;

    if (!w->record.rows)
        return;
    if (format) {
        va_start(args, format);
        message = arena_vprintf(w->arena, format, args);
        va_end(args);
    }
    put_event(w, (struct event_row){
        .type = type, .reason = reason, .space = about->space,
        .object = object_word(w, about), .message = message,
    });
    if (about->kind == KIND_POD)
        record_pod_step(w, about, reason);
}

void record_note(struct world *w, const char *type, const char *reason,
                 const char *space, const char *object, const char *message)
{
    if (!w->record.rows)
        return;
    put_event(w, (struct event_row){
        .type = type, .reason = reason, .space = space ? space : "",
        .object = object ? object : "", .message = message ? message : "",
    });
}

/* ---- conditions --------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* One event if status or reason of a condition changed. */
static void record_condition(struct world *w, const struct meta *m,
                             const char *type, const struct condition *before,
                             const struct condition *after)
{
    static const struct condition absent = { .status = CONDITION_ABSENT };

    if (!before)
        before = &absent;
    if (before->status == after->status &&
        same_text(before->reason, after->reason))
        return;
    if (after->status == CONDITION_ABSENT && !after->reason)
        after = &absent;
    put_event(w, (struct event_row){
        .type = "Condition", .space = m->space, .object = object_word(w, m),
        .reason = arena_printf(w->arena, "%s=%s%s%s", type,
                               after->status == CONDITION_ABSENT
                                   ? "removed" : condition_names[after->status],
                               after->reason ? "/" : "",
                               after->reason ? after->reason : ""),
        .message = after->message ? after->message : "",
    });
}

/* One event when `kubectl rollout status` would begin or cease to say that
 * the rollout is complete. */
static void record_rollout(struct world *w, const struct meta *before,
                           const struct meta *after)
{
    struct rollout_status now = rollout_status_of(w->arena, after);
    bool was = before && rollout_status_of(w->arena, before).done;

    if (was == now.done)
        return;
    put_event(w, (struct event_row){
        .type = "Rollout", .space = after->space,
        .object = object_word(w, after),
        .reason = now.done ? "Complete" : "Incomplete",
        .message = now.message,
    });
}

static void deployment_conditions(struct world *w, const struct meta *before,
                                  const struct meta *after)
{
    const struct deployment *b = before ? deployment_seen(before) : NULL;
    const struct deployment *a = deployment_seen(after);

    record_condition(w, after, "Available", b ? &b->cond_available : NULL,
                     &a->cond_available);
    record_condition(w, after, "Progressing", b ? &b->progressing : NULL,
                     &a->progressing);
    record_condition(w, after, "ReplicaFailure",
                     b ? &b->replica_failure : NULL, &a->replica_failure);
}

static void job_conditions(struct world *w, const struct meta *before,
                           const struct meta *after)
{
    const struct batch_job *b = before ? batch_job_seen(before) : NULL;
    const struct batch_job *a = batch_job_seen(after);

    record_condition(w, after, "Suspended", b ? &b->suspended : NULL,
                     &a->suspended);
    record_condition(w, after, "SuccessCriteriaMet",
                     b ? &b->success_met : NULL, &a->success_met);
    record_condition(w, after, "FailureTarget", b ? &b->failure_target : NULL,
                     &a->failure_target);
    record_condition(w, after, "Complete", b ? &b->complete : NULL,
                     &a->complete);
    record_condition(w, after, "Failed", b ? &b->failure : NULL, &a->failure);
}

static void record_conditions(struct world *w, const struct meta *before,
                              const struct meta *after)
{
    switch (after->kind) {
    case KIND_DEPLOYMENT:
        deployment_conditions(w, before, after);
        break;
    case KIND_ROLLOUT:
        record_condition(w, after, "Progressing",
                         before ? &argo_seen(before)->progressing : NULL,
                         &argo_seen(after)->progressing);
        break;
    case KIND_REPLICASET:
    case KIND_RC:
        record_condition(w, after, "ReplicaFailure",
                         before ? &replicaset_seen(before)->replica_failure
                                : NULL,
                         &replicaset_seen(after)->replica_failure);
        break;
    case KIND_JOB:
        job_conditions(w, before, after);
        break;
    case KIND_NODE:
        record_condition(w, after, "Ready",
                         before ? &node_seen(before)->ready : NULL,
                         &node_seen(after)->ready);
        break;
    default:
        break;
    }
    if (kind_rolls_out(after->kind))
        record_rollout(w, before, after);
}

/* ---- commits ------------------------------------------------------------ */

static void record_rows(struct world *w, const struct meta *before,
                        const struct meta *after)
{
    const struct meta *m = after ? after : before;
    bool gone = !after;

    switch (m->kind) {
    case KIND_POD:
        record_pod(w, m, gone);
        break;
    case KIND_ENDPOINTSLICE:
        record_slice(w, m, gone);
        record_view_slice(w, before, after);
        break;
    case KIND_SERVICE:
        if (!before)
            record_service(w, m, NULL);
        break;
    default:
        record_workload_row(w, m, gone);
        break;
    }
    if (after)
        record_conditions(w, before, after);
}

void record_commit(struct world *w, const struct meta *before,
                   const struct meta *after)
{
    if (w->measure && w->traffic)
        measure_commit(w, before, after);
    if (w->record.rows)
        record_rows(w, before, after);
}

/* ---- several clusters --------------------------------------------------- */

static void put_before(struct arena *a, const char *name, const char **text)
{
    *text = **text ? arena_printf(a, "%s/%s", name, *text) : name;
}

/* Rows of one cluster say which it is. */
static void sign(struct world *w)
{
    struct record *r = &w->record;
    const char *name = clusters_name(w);

    for (size_t i = 0; i < r->timeline.len; i++)
        put_before(w->arena, name, &r->timeline.items[i].space);
    for (size_t i = 0; i < r->pods.len; i++)
        put_before(w->arena, name, &r->pods.items[i].space);
    for (size_t i = 0; i < r->views.len; i++)
        put_before(w->arena, name, &r->views.items[i].space);
    for (size_t i = 0; i < r->failures.len; i++)
        put_before(w->arena, name, &r->failures.items[i].source);
    for (size_t i = 0; i < r->events.len; i++)
        if (strcmp(r->events.items[i].type, "Wave") != 0)
            put_before(w->arena, name, &r->events.items[i].space);
}

/* Two lists of rows of this size, each by time, as one in a; a row begins with
 * its time. */
static void *merged(struct arena *a, const char *x, size_t nx, const char *y,
                    size_t ny, size_t size)
{
    char *out = arena_alloc(a, (nx + ny + 1) * size), *to = out;

    while (nx + ny > 0) {
        bool first = ny == 0 ||
                     (nx > 0 && *(const sim_time *)x <= *(const sim_time *)y);

        memcpy(to, first ? x : y, size);
        to += size;
        if (first) {
            x += size;
            nx--;
        } else {
            y += size;
            ny--;
        }
    }
    return out;
}

#define UNITE(a, to, from, list)                                              \
    do {                                                                      \
        (to)->list.items = merged(a, (const char *)(to)->list.items,          \
                                  (to)->list.len,                             \
                                  (const char *)(from)->list.items,           \
                                  (from)->list.len,                           \
                                  sizeof(*(to)->list.items));                 \
        (to)->list.len += (from)->list.len;                                   \
        (to)->list.cap = (to)->list.len + 1;                                  \
    } while (0)

void record_unite(struct world *w)
{
    struct record *to = &w->record;

    if (!w->clusters || !to->rows)
        return;
    for (size_t i = 0; i < clusters_count(w); i++) {
        const struct record *from = &clusters_at(w, i)->record;

        sign(clusters_at(w, i));
        if (i == 0)
            continue;
        UNITE(w->arena, to, from, timeline);
        UNITE(w->arena, to, from, pods);
        UNITE(w->arena, to, from, views);
        UNITE(w->arena, to, from, failures);
        UNITE(w->arena, to, from, events);
    }
}
