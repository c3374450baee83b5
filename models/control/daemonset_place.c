/*
 * daemonset_place.c - the nodes of a DaemonSet, and its pods for each.
 *
 * A daemon pod is made for one node: required node affinity on the node's name
 * takes the place of the template's own, and the scheduler does the rest.  So
 * a pod that is not bound yet has its place too.  Daemon pods tolerate what
 * the node itself may be marked with: not ready, unreachable, under pressure,
 * cordoned.
 *
 * The order of nodes is that of a Go map upstream, a new one at each look; here
 * it is drawn.
 * Source: kubernetes pkg/controller/daemon/daemon_controller.go,
 * util/daemonset_util.go at v1.36.2; reference 3.2.
 */
#include <string.h>

#include "daemonset_impl.h"
#include "base/bug.h"
#include "models/revision.h"
#include "models/world.h"

/* ---- templates ---------------------------------------------------------- */

static const struct toleration added[] = {
    { "node.kubernetes.io/not-ready", true, "", "NoExecute", -1 },
    { "node.kubernetes.io/unreachable", true, "", "NoExecute", -1 },
    { "node.kubernetes.io/disk-pressure", true, "", "NoSchedule", -1 },
    { "node.kubernetes.io/memory-pressure", true, "", "NoSchedule", -1 },
    { "node.kubernetes.io/pid-pressure", true, "", "NoSchedule", -1 },
    { "node.kubernetes.io/unschedulable", true, "", "NoSchedule", -1 },
    { "node.kubernetes.io/network-unavailable", true, "", "NoSchedule", -1 },
};

/* s with the tolerations of daemon pods, in a. */
static struct pod_spec *tolerant(struct arena *a, const struct pod_spec *s)
{
    struct pod_spec *spec = arena_make(a, struct pod_spec);
    size_t n = COUNT_OF(added) - (s->host_network ? 0 : 1);
    struct toleration *list = arena_many(a, struct toleration,
                                         s->ntolerations + n);

    *spec = *s;
    for (size_t i = 0; i < s->ntolerations; i++)
        list[i] = s->tolerations[i];
    for (size_t i = 0; i < n; i++)
        list[s->ntolerations + i] = added[i];
    spec->tolerations = list;
    spec->ntolerations = s->ntolerations + n;
    return spec;
}

void daemon_template(struct daemon_state *st, const struct pod_template *t,
                     const char *hash)
{
    struct arena *a = st->ds->c->w->arena;
    struct pod_template *base;

    if (st->template == t && st->hash && strcmp(st->hash, hash) == 0)
        return;
    base = arena_make(a, struct pod_template);
    *base = *pod_template_with_label(a, t, REVISION_LABEL, hash);
    base->spec = tolerant(a, t->spec);
    st->template = t;
    st->hash = hash;
    st->base = base;
    map_init(&st->pinned, a);
}

/* metadata.name In [name] */
static const struct node_term *term_for(struct arena *a, const char *name)
{
    struct node_term *term = arena_make(a, struct node_term);
    struct selector *fields = arena_make(a, struct selector);
    struct requirement *r = arena_make(a, struct requirement);
    const char **values = arena_make(a, const char *);

    *values = name;
    *r = (struct requirement){ .key = "metadata.name", .op = SELECT_IN,
                               .values = values, .len = 1 };
    fields->items = r;
    fields->len = 1;
    term->fields = fields;
    return term;
}

const struct pod_template *daemon_template_for(struct daemon_state *st,
                                               const struct node *n)
{
    struct arena *a = st->ds->c->w->arena;
    struct pod_template *t = map_get_number(&st->pinned, n->meta.uid);
    struct pod_spec *spec;

    if (t)
        return t;
    t = arena_make(a, struct pod_template);
    spec = arena_make(a, struct pod_spec);
    *t = *st->base;
    *spec = *st->base->spec;
    spec->node_affinity_required = true;
    spec->node_terms = term_for(a, n->meta.name);
    spec->nnode_terms = 1;
    t->spec = spec;
    map_put_number(&st->pinned, n->meta.uid, t);
    return t;
}

bool daemon_eligible(struct daemonsets *ds, const struct daemonset *d,
                     const struct node *n, bool *stay)
{
    struct daemon_state *st = daemon_state_of(ds, d->meta.uid);

    if (st->template == d->template)
        return daemonset_eligible(st->base->spec, n, stay);
    return daemonset_eligible(tolerant(ds->scratch, d->template->spec), n,
                              stay);
}

/* ---- places ------------------------------------------------------------- */

/* The name of the node that a pod not yet bound is made for; NULL: none. */
static const char *target_of(const struct pod *p)
{
    const struct pod_spec *s = p->template->spec;

    for (size_t i = 0; i < s->nnode_terms; i++) {
        const struct selector *fields = s->node_terms[i].fields;

        if (fields && fields->len == 1 && fields->items[0].len == 1)
            return fields->items[0].values[0];
    }
    return s->node_name;
}

/* Which of the places is the pod's; the last one is for pods whose node is
 * gone. */
static size_t place_of(const struct daemonsets *ds, const struct map *places,
                       size_t nnodes, const struct pod *p)
{
    object_uid node = p->node;
    const struct meta *m;
    const size_t *at;

    if (node == 0 && target_of(p)) {
        m = informer_find(ds->nodes, "", target_of(p));
        node = m ? m->uid : 0;
    }
    at = map_get_number(places, node);
    return at ? *at : nnodes;
}

static void add_pod(struct daemonsets *ds, struct daemon_place *place,
                    const struct pod *p)
{
    const struct pod **pods = arena_many(ds->scratch, const struct pod *,
                                         place->npods + 1);
    size_t i = place->npods++;

    for (size_t j = 0; j < i; j++)
        pods[j] = place->pods[j];
    for (; i > 0 && daemon_pod_before(ds->c->w, p, pods[i - 1]); i--)
        pods[i] = pods[i - 1];
    pods[i] = p;
    place->pods = pods;
}

/* 1.36: a pod that is deleted and finished is as good as gone. */
static bool is_over(const struct daemonsets *ds, const struct pod *p)
{
    return !world_is(ds->c->w, KUBE_1_20) && meta_deleting(&p->meta) &&
           (p->phase == POD_FAILED || p->phase == POD_SUCCEEDED);
}

static void lay_out(struct daemon_state *st, struct daemon_place *places,
                    size_t n, struct map *index)
{
    struct daemonsets *ds = st->ds;

    map_init(index, ds->scratch);
    for (size_t i = 0; i < n; i++)
        places[i].node = node_seen(informer_at(ds->nodes, i));
    for (size_t i = n; i > 1; i--) {
        size_t j = stream_below(&ds->order, (uint32_t)i);
        const struct node *t = places[i - 1].node;

        places[i - 1].node = places[j].node;
        places[j].node = t;
    }
    for (size_t i = 0; i < n; i++) {
        struct daemon_place *p = &places[i];
        size_t *at = arena_make(ds->scratch, size_t);

        *at = i;
        map_put_number(index, p->node->meta.uid, at);
        p->run = daemonset_eligible(st->base->spec, p->node, &p->stay);
    }
}

struct daemonset_view daemon_view(struct daemon_state *st, struct sync *s)
{
    struct daemonsets *ds = st->ds;
    size_t nnodes = informer_count(ds->nodes), npods;
    struct daemon_place *places = arena_many(ds->scratch, struct daemon_place,
                                             nnodes + 1);
    const struct meta **pods;
    struct map index;

    lay_out(st, places, nnodes, &index);
    pods = orphans_claim(&ds->orphans, ds->c->w->api, s, &st->seen.meta,
                         st->seen.selector, NULL, ds->scratch, &npods);
    for (size_t i = 0; i < npods; i++) {
        const struct pod *p = pod_seen(pods[i]);

        if (!is_over(ds, p))
            add_pod(ds, &places[place_of(ds, &index, nnodes, p)], p);
    }
    return (struct daemonset_view){
        .seen = &st->seen, .places = places, .nplaces = nnodes + 1,
        .hash = st->hash, .version = ds->c->w->spec->cluster.version,
        .w = ds->c->w, .now = world_now(ds->c->w), .scratch = ds->scratch,
    };
}
