/*
 * storage.c - which volume suits which claim, and where it can be used.
 *
 * A volume suits a claim if it is at least as large, allows every access mode
 * that is asked for, is of the same class and volume mode, matches the
 * selector, and belongs to nobody else; the smallest one is taken.
 *
 * Source: pkg/controller/volume/persistentvolume index.go and
 * component-helpers/storage/volume at v1.36; reference 9.1.
 */
#include "models/storage.h"

#include <string.h>

#include "models/scheduler.h"
#include "models/world.h"

/* What stands for every class of a cluster that says nothing about them. */
static const struct storage_class implied_class = {
    .provisioner = "csi", .waits = true, .is_default = true,
};

/* Is there an object of storage among the manifests of this strategy? */
static bool any_given(const struct world *w)
{
    const struct manifest *items = w->spec->manifests;
    size_t n = w->spec->nmanifests;

    if (w->strategy && w->strategy->manifests) {
        items = w->strategy->manifests;
        n = w->strategy->nmanifests;
    }
    for (size_t i = 0; i < n; i++)
        if (items[i].kind == KIND_CLASS || items[i].kind == KIND_VOLUME)
            return true;
    return false;
}

void storage_classes_watch(struct storage_classes *all, struct world *w,
                           const struct informer_ops *ops, void *ctx)
{
    all->seen = informer_new(w, KIND_CLASS, ops, ctx);
    all->implied = !any_given(w);
}

/* The newest of the classes that are marked as default. */
static const struct storage_class *default_class(
    const struct storage_classes *all)
{
    const struct storage_class *found = NULL;

    for (size_t i = 0; i < informer_count(all->seen); i++) {
        const struct storage_class *c =
            storage_class_seen(informer_at(all->seen, i));

        if (c->is_default)
            found = c;
    }
    return found ? found : all->implied ? &implied_class : NULL;
}

const struct storage_class *storage_class_of(
    const struct storage_classes *all, const struct claim *c)
{
    const char *name = c->spec.storage_class;
    const struct meta *m;

    if (!name)
        return default_class(all);
    if (!*name)
        return NULL;
    m = informer_find(all->seen, "", name);
    return m ? storage_class_seen(m) : all->implied ? &implied_class : NULL;
}

const char *storage_class_name(const struct storage_classes *all,
                               const struct claim *c)
{
    const struct storage_class *k;

    if (c->spec.storage_class)
        return c->spec.storage_class;
    k = default_class(all);
    return !k ? "" : k->meta.name ? k->meta.name : "standard";
}

bool volume_is_for(const struct volume *v, const struct claim *c)
{
    return v->claim_name && strcmp(v->claim_name, c->meta.name) == 0 &&
           strcmp(v->claim_space, c->meta.space) == 0 &&
           (v->claim == 0 || v->claim == c->meta.uid);
}

/* Free, or reserved for this claim, and what it asks for? */
static bool volume_suits(const struct volume *v, const struct claim *c,
                         const char *class_name)
{
    const struct claim_spec *s = &c->spec;

    return !meta_deleting(&v->meta) &&
           (!v->claim_name || volume_is_for(v, c)) &&
           v->bytes >= s->bytes && (s->access & ~v->access) == 0 &&
           strcmp(v->storage_class, class_name) == 0 &&
           strcmp(v->mode, s->mode) == 0 &&
           (!s->selector || selector_match(s->selector, v->meta.labels)) &&
           v->phase != VOLUME_RELEASED;
}

/* Is a to be preferred to b (NULL: nothing yet)? */
static bool is_better(const struct volume *a, const struct volume *b,
                      const struct claim *c)
{
    if (!b || volume_is_for(a, c) != volume_is_for(b, c))
        return !b || volume_is_for(a, c);
    return a->bytes < b->bytes;
}

const struct volume *volume_best(const struct informer *volumes,
                                 const struct claim *c,
                                 const char *class_name,
                                 const struct node *node,
                                 bool (*skip)(void *ctx, object_uid volume),
                                 void *ctx)
{
    const struct volume *best = NULL;

    for (size_t i = 0; i < informer_count(volumes); i++) {
        const struct volume *v = volume_seen(informer_at(volumes, i));

        if (volume_suits(v, c, class_name) &&
            (!node || volume_reaches(v, node)) &&
            !(skip && skip(ctx, v->meta.uid)) && is_better(v, best, c))
            best = v;
    }
    return best;
}

const struct volume *claim_volume(const struct informer *volumes,
                                  const struct claim *c)
{
    const struct meta *m = c->spec.volume
        ? informer_find(volumes, "", c->spec.volume) : NULL;

    return m && volume_is_for(volume_seen(m), c) ? volume_seen(m) : NULL;
}

bool node_terms_match(const struct node_term *terms, size_t nterms,
                      const struct node *n)
{
    for (size_t i = 0; i < nterms; i++)
        if (node_term_matches(&terms[i], n))
            return true;
    return nterms == 0;
}

bool volume_reaches(const struct volume *v, const struct node *n)
{
    return !v->pinned || (v->nterms > 0 &&
                          node_terms_match(v->terms, v->nterms, n));
}

bool volume_is_exclusive(const struct volume *v)
{
    return v->disk && v->access != 0 &&
           (v->access & (ACCESS_READERS | ACCESS_WRITERS)) == 0;
}
