/*
 * record_workload.c - what timeline.csv says of a workload.
 *
 * A StatefulSet's row is about its update revision; a DaemonSet counts nodes
 * instead of pods.  1.20 reports no available pods of StatefulSets.  A Job
 * desires completions, has active pods, and those that have succeeded are its
 * available ones.
 */
#include "record_impl.h"
#include "models/api.h"
#include "models/argo.h"
#include "models/batch.h"
#include "models/daemonset.h"
#include "models/revision.h"
#include "models/statefulset.h"
#include "models/workload.h"
#include "models/world.h"

const char *record_image(const struct pod_template *t)
{
    if (!t || !t->spec || t->spec->ncontainers == 0)
        return "";
    return t->spec->containers[0].image;
}

static int64_t number(int64_t revision)
{
    return revision > 0 ? revision : -1;
}

/* The number of a revision by its name; -1 if there is none. */
static int64_t revision_called(const struct world *w, const char *space,
                               const char *name)
{
    const struct meta *m = api_find(w->api, KIND_REVISION, space, name);

    return m ? controllerrevision_seen(m)->revision : -1;
}

static struct timeline_row row_of_replicaset(const struct meta *m)
{
    const struct replicaset *rs = replicaset_seen(m);

    return (struct timeline_row){
        .revision = number(rs->revision), .image = record_image(rs->template),
        .desired = rs->replicas, .pods = rs->status_replicas,
        .ready = rs->ready, .available = rs->available,
    };
}

static struct timeline_row row_of_deployment(const struct meta *m)
{
    const struct deployment *d = deployment_seen(m);

    return (struct timeline_row){
        .revision = number(d->revision), .image = record_image(d->template),
        .desired = d->replicas, .pods = d->status_replicas,
        .ready = d->ready, .available = d->available,
    };
}

static struct timeline_row row_of_rollout(const struct meta *m)
{
    const struct argo *r = argo_seen(m);

    return (struct timeline_row){
        .revision = number(r->revision), .image = record_image(r->template),
        .desired = r->replicas, .pods = r->status_replicas,
        .ready = r->ready, .available = r->available,
    };
}

static struct timeline_row row_of_statefulset(const struct world *w,
                                              const struct meta *m)
{
    const struct statefulset *s = statefulset_seen(m);

    return (struct timeline_row){
        .revision = s->update_revision
                        ? revision_called(w, m->space, s->update_revision)
                        : -1,
        .image = record_image(s->template), .desired = s->replicas,
        .pods = s->status_replicas, .ready = s->ready,
        .available = world_is(w, KUBE_1_20) ? -1 : s->available,
    };
}

static struct timeline_row row_of_daemonset(const struct world *w,
                                            const struct meta *m)
{
    const struct daemonset *d = daemonset_seen(m);

    return (struct timeline_row){
        .revision = number(revision_newest(w->api, m)),
        .image = record_image(d->template), .desired = d->desired,
        .pods = d->current, .ready = d->ready, .available = d->available,
    };
}

static struct timeline_row row_of_job(const struct meta *m)
{
    const struct batch_job *j = batch_job_seen(m);
    int completions = j->spec->completions;

    return (struct timeline_row){
        .revision = -1, .image = record_image(j->spec->template),
        .desired = completions != JOB_UNSET ? completions
                                            : j->spec->parallelism,
        .pods = j->active, .ready = j->ready, .available = j->succeeded,
    };
}

bool record_workload(const struct world *w, const struct meta *m,
                     struct timeline_row *row)
{
    switch (m->kind) {
    case KIND_REPLICASET:
    case KIND_RC:
        *row = row_of_replicaset(m);
        break;
    case KIND_DEPLOYMENT:
        *row = row_of_deployment(m);
        break;
    case KIND_ROLLOUT:
        *row = row_of_rollout(m);
        break;
    case KIND_STATEFULSET:
        *row = row_of_statefulset(w, m);
        break;
    case KIND_DAEMONSET:
        *row = row_of_daemonset(w, m);
        break;
    case KIND_JOB:
        *row = row_of_job(m);
        break;
    default:
        return false;
    }
    row->endpoints = -1;
    return true;
}

int64_t record_pod_revision(const struct world *w, const struct pod *p)
{
    const struct meta *owner = api_get(w->api, p->meta.owner);
    const char *label = labels_get(p->meta.labels, REVISION_LABEL);

    if (owner && owner->kind == KIND_REPLICASET)
        return number(replicaset_seen(owner)->revision);
    if (owner && label && owner->kind == KIND_STATEFULSET)
        return revision_called(w, p->meta.space, label);
    if (owner && label && owner->kind == KIND_DAEMONSET)
        return revision_labeled(w->api, owner, label);
    return -1;
}
