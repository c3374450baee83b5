/*
 * clusters.c - several clusters, and a release that goes from one to the next.
 *
 * The first wave gets the release at its time.  When it is complete in every
 * cluster of a wave (as measure.c says of each), the wave bakes: nothing is
 * done for so long.  Then the next one starts.  Once a guard fires in any
 * cluster, or somebody types the way back, no further wave starts; what the
 * guard does is done in every cluster that has the release.  A wave that never
 * completes (pods that do not become ready) holds up the next for ever.
 *
 * Not modelled: calls from one cluster to another; data that they share; what a
 * pipeline needs to look at the waves.
 * Source: bake times and waves of Spinnaker and Argo CD's ApplicationSet
 * (RollingSync: the next step when the applications of the last are Healthy).
 */
#include "models/clusters.h"

#include <string.h>

#include "base/bug.h"
#include "base/text.h"
#include "models/action.h"
#include "models/record.h"

struct waves {
    struct clusters *all;
    const struct waves_spec *spec;
    size_t begun;               /* waves */
    bool *released, *complete;  /* by cluster */
    bool *alarmed;              /* by guard */
    bool halted;
};

struct clusters *clusters_new(struct arena *a, const struct spec *spec)
{
    struct clusters *all = arena_make(a, struct clusters);

    all->spec = spec;
    all->items = arena_many(a, struct world *, spec->nmembers);
    all->len = spec->nmembers;
    return all;
}

size_t clusters_count(const struct world *w)
{
    return w->clusters ? w->clusters->len : 1;
}

struct world *clusters_at(const struct world *w, size_t i)
{
    return w->clusters ? w->clusters->items[i] : (struct world *)w;
}

static const char *name_at(const struct clusters *all, size_t i)
{
    return all->spec->members[i].name;
}

const char *clusters_name(const struct world *w)
{
    return w->clusters ? name_at(w->clusters, w->place) : "";
}

bool clusters_mean(const struct world *w, const char *cluster)
{
    return !cluster || strcmp(cluster, clusters_name(w)) == 0;
}

uint64_t world_users_seed(const struct world *w)
{
    return w->clusters ? w->clusters->spec->seed : w->spec->seed;
}

size_t clusters_releasing(const struct world *w)
{
    const struct waves_spec *s;
    size_t n = 0;

    if (!w->clusters)
        return 1;
    s = &w->clusters->spec->waves;
    for (size_t i = 0; i < s->len; i++)
        n += s->items[i].n;
    return n;
}

/* ---- waves -------------------------------------------------------------- */

static void fire_wave(struct sim *sim, void *subject, int64_t arg);
static void fire_baked(struct sim *sim, void *subject, int64_t arg);
static const struct event_kind ev_wave = { "wave", RANK_ACTION, fire_wave };
static const struct event_kind ev_baked = { "wave.baked", RANK_ACTION,
                                            fire_baked };

/* A row of events.csv, told in the first cluster. */
static void say(const struct waves *v, const char *reason, const char *text)
{
    struct world *w = v->all->items[0];

    record_note(w, "Wave", reason, NULL,
                arena_printf(w->arena, "wave/%zu", v->begun), text);
}

static const char *names_of(const struct waves *v, const struct wave_spec *s)
{
    const char *text = "";

    for (size_t i = 0; i < s->n; i++)
        text = arena_printf(v->all->items[0]->arena, "%s%s%s", text,
                            i ? ", " : "", name_at(v->all, s->members[i]));
    return text;
}

static void fire_wave(struct sim *sim, void *subject, int64_t arg)
{
    struct waves *v = subject;
    const struct wave_spec *s = &v->spec->items[v->begun];

    (void)sim;
    (void)arg;
    if (v->halted)
        return;
    v->begun++;
    say(v, "Started", names_of(v, s));
    for (size_t i = 0; i < s->n; i++) {
        v->released[s->members[i]] = true;
        release_begin(v->all->items[s->members[i]]);
    }
}

static void fire_baked(struct sim *sim, void *subject, int64_t arg)
{
    struct waves *v = subject;

    if (v->halted)
        return;
    say(v, "Baked", "nothing was seen");
    fire_wave(sim, v, arg);
}

void clusters_completed(struct world *w)
{
    struct waves *v = w->clusters ? w->clusters->waves : NULL;
    const struct wave_spec *s;

    if (!v || v->begun == 0)
        return;
    v->complete[w->place] = true;
    s = &v->spec->items[v->begun - 1];
    for (size_t i = 0; i < s->n; i++)
        if (!v->complete[s->members[i]])
            return;
    say(v, "Complete", names_of(v, s));
    if (v->begun < v->spec->len)
        sim_after(w->sim, v->spec->bake, &ev_baked, v, 0);
}

void clusters_halt(struct world *w, const char *why)
{
    struct waves *v = w->clusters ? w->clusters->waves : NULL;

    if (!v || v->halted || v->begun == 0)
        return;
    v->halted = true;
    if (v->begun < v->spec->len)
        say(v, "Halted", arena_printf(w->arena, "%s in %s: %zu of %zu waves "
                                      "have begun", why, clusters_name(w),
                                      v->begun, v->spec->len));
}

bool clusters_first_alarm(struct world *w, size_t guard)
{
    bool *alarmed = w->clusters ? &w->clusters->waves->alarmed[guard] : NULL;

    if (!alarmed)
        return true;
    if (*alarmed)
        return false;
    return *alarmed = true;
}

bool clusters_have_released(const struct world *w)
{
    return !w->clusters || w->clusters->waves->released[w->place];
}

void clusters_start(struct clusters *all)
{
    struct world *w = all->items[0];
    struct waves *v = arena_make(w->arena, struct waves);
    const struct release_spec *r = &all->spec->release;

    v->all = all;
    v->spec = &all->spec->waves;
    v->released = arena_many(w->arena, bool, all->len);
    v->complete = arena_many(w->arena, bool, all->len);
    v->alarmed = arena_many(w->arena, bool, all->spec->nguards);
    all->waves = v;
    all->door = door_new(all);
    if (r->given)
        sim_at(w->sim, all->spec->warmup + r->at, &ev_wave, v, 0);
}
