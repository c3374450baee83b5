/*
 * visitors.c - users who come, and convert.
 *
 * A user decides once per version by the first outcome that he gets there: if
 * it is a failure he is lost; else he converts with the probability of the
 * image that answered (images: conversion).  One number per user decides under
 * every version and strategy, so that two versions with the same conversion
 * convert the same users.  In a trial he decides afresh, with another number,
 * and counts for the group that he is in, also while a router still sends him
 * to the other version, or to none.  Where nobody counts users, each request
 * is a user.
 *
 * Not modelled: visits, that is users who decide again and again; time between
 * the first answer and the conversion.
 */
#include "measure_impl.h"

struct seen_users {             /* who has been counted */
    uint8_t **by_sender;        /* NULL until needed; so are its items */
};

struct visitors {
    struct world *w;
    bool counts;                /* some image converts users */
    VEC(struct seen_users) versions;
    struct seen_users in_trial;
    unsigned trials;            /* begun so far */
    sim_time since;
    const char *key, *value;
    struct trial_counts trial;
};

struct visitors *visitors_new(struct world *w)
{
    struct visitors *v = arena_make(w->arena, struct visitors);

    v->w = w;
    v->counts = behaviours_say(w->spec->behaviours, "conversion");
    return v;
}

/* Note that a's user was here; was he not before? */
static bool is_new(struct visitors *v, struct seen_users *s,
                   const struct ask *a)
{
    size_t users = (size_t)sender_users(a->sender);
    size_t i = sender_index(a->sender);

    if (users == 0)
        return true;
    if (!s->by_sender)
        s->by_sender = arena_many(v->w->arena, uint8_t *,
                                  traffic_sending(v->w));
    if (!s->by_sender[i])
        s->by_sender[i] = arena_many(v->w->arena, uint8_t, users);
    if (s->by_sender[i][a->user])
        return false;
    s->by_sender[i][a->user] = 1;
    return true;
}

static bool converts(const struct visitors *v, const struct ask *a,
                     enum cause cause, unsigned trial)
{
    const struct world *w = v->w;
    uint64_t who = sender_users(a->sender) > 0 ? a->user : (uint64_t)a->i;

    return cause == CAUSE_NONE &&
           stream_u01_at(world_users_seed(w), PURPOSE_CONVERSION,
                         ((uint64_t)trial << 32) + sender_index(a->sender),
                         w->replication, who) < ask_conversion(a);
}

static void count_trial(struct visitors *v, const struct ask *a,
                        enum cause cause)
{
    int group = ask_has(a, v->key, v->value);

    v->trial.requests[group].n++;
    v->trial.requests[group].good += cause == CAUSE_NONE;
    if (!is_new(v, &v->in_trial, a))
        return;
    v->trial.users[group].n++;
    v->trial.users[group].good += converts(v, a, cause, v->trials);
}

void visitors_outcome(struct visitors *v, const struct ask *a,
                      enum cause cause, uint64_t *users, uint64_t *converted)
{
    size_t version = a->version->index;

    if (v->trials > 0 && a->sent >= v->since)
        count_trial(v, a, cause);
    if (!v->counts)
        return;
    while (v->versions.len <= version)
        vec_push(v->w->arena, &v->versions, (struct seen_users){ 0 });
    if (!is_new(v, &v->versions.items[version], a))
        return;
    ++*users;
    *converted += converts(v, a, cause, 0);
}

void visitors_try(struct visitors *v, const char *key, const char *value)
{
    v->trials++;
    v->since = world_now(v->w);
    v->key = key;
    v->value = value;
    v->in_trial.by_sender = NULL;
    v->trial = (struct trial_counts){ 0 };
}

unsigned visitors_trial(const struct visitors *v, struct trial_counts *out)
{
    *out = v->trial;
    return v->trials;
}
