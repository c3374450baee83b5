/*
 * clusters.h - several clusters in one replication, released in waves.
 *
 * Each is a whole world: its own store, controllers, nodes and proxies, and its
 * own seed, made of the scenario's and its name, so that its luck depends on no
 * other.  They share the event list, the measure and the users, whom a front
 * door (models/traffic/door.c) sends to one of them.  A world that is the only
 * one is a list of one here.
 */
#ifndef MODELS_CLUSTERS_H
#define MODELS_CLUSTERS_H
#include "models/world.h"

struct door;
struct waves;

struct clusters {
    const struct spec *spec;    /* of the scenario: its seed is the users' */
    struct world **items;
    size_t len;
    struct door *door;
    struct waves *waves;
};

/* A list for the clusters of spec, none of which is built. */
struct clusters *clusters_new(struct arena *a, const struct spec *spec);

/* All are built: plan the release, wave by wave. */
void clusters_start(struct clusters *all);

/* How many there are beside and with w; the i-th of them; the first one. */
size_t clusters_count(const struct world *w);
struct world *clusters_at(const struct world *w, size_t i);
static inline struct world *clusters_first(const struct world *w)
{
    return clusters_at(w, 0);
}

/* The name of w among several; "" if it is the only one. */
const char *clusters_name(const struct world *w);

/* Is what the scenario says of the cluster so called (NULL: of each) said of
 * w? */
bool clusters_mean(const struct world *w, const char *cluster);

/* How many get the release, if nothing stops it. */
size_t clusters_releasing(const struct world *w);

/* Told by measure.c: the release is complete in w.  By guards and people: it
 * has been taken back in w, or will be: no further wave starts. */
void clusters_completed(struct world *w);
void clusters_halt(struct world *w, const char *why);

/* Is it the first time that a guard of this number fires, in any cluster? */
bool clusters_first_alarm(struct world *w, size_t guard);

/* Does w have the release, or is it on its way there? */
bool clusters_have_released(const struct world *w);

/* ---- models/traffic/door.c ---------------------------------------------- */

/* The front door of all clusters, which are built. */
struct door *door_new(struct clusters *all);

#endif
