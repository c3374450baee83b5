/*
 * set_image.c - kubectl set image: give containers another image.
 *
 * `web=shop/web:1.1` names a container, init containers included; `*=image`
 * all of them.  The pod template changes, so the controller starts a rollout.
 */
#include "kubectl_impl.h"
#include <string.h>

/* template.spec with the image in every container of `list` that the word
 * names; *hit says whether one was there. */
static const struct value *put_image(struct arena *a, const struct value *v,
                                     const char *list, const char *word,
                                     bool *hit)
{
    const char *equals = strchr(word, '=');
    const char *name = arena_strndup(a, word, (size_t)(equals - word));
    const struct value *items = value_at(
        v, arena_printf(a, "spec.template.spec.%s", list));

    for (size_t i = 0; items && items->type == VALUE_LIST && i < items->len;
         i++) {
        const struct value *at = items->u.items[i];
        const char *is = value_text(value_get(at, "name"), "");

        if (strcmp(name, "*") != 0 && strcmp(name, is) != 0)
            continue;
        *hit = true;
        v = value_set(a, v, arena_printf(a, "spec.template.spec.%s[%zu].image",
                                         list, i),
                      value_string(a, equals + 1, NULL));
    }
    return v;
}

static const char *set_image_check(struct arena *a,
                                   const struct kubectl_command *c)
{
    size_t from = kubectl_changes(c, "=");

    if (from == 0)
        return "one or more resources must be specified";
    if (from == c->nwords)
        return "at least one image update is required";
    for (size_t i = from; i < c->nwords; i++) {
        const char *equals = strchr(c->words[i], '=');

        if (!equals || equals == c->words[i] || equals[1] == '\0')
            return arena_printf(a, "invalid image change \"%s\": write "
                                "CONTAINER=IMAGE", c->words[i]);
    }
    return NULL;
}

/* The manifest with all the images; NULL, refused, if a container is none. */
static const struct value *with_images(struct kubectl *k,
                                       const struct value *v, size_t from)
{
    for (size_t w = from; w < k->c.nwords; w++) {
        const char *word = k->c.words[w];
        bool hit = false;

        v = put_image(k->arena, v, "containers", word, &hit);
        v = put_image(k->arena, v, "initContainers", word, &hit);
        if (!hit) {
            kubectl_refuse(k, "error: unable to find container named \"%.*s\"",
                           (int)strcspn(word, "="), word);
            return NULL;
        }
    }
    return v;
}

static bool set_image_step(struct kubectl *k, size_t i)
{
    size_t from = kubectl_changes(&k->c, "=");
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, from, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    const struct value *v = m ? kubectl_manifest(m) : NULL;
    struct meta *draft;

    if (!m)
        return false;
    if (!v || !value_at(v, "spec.template")) {
        kubectl_refuse(k, "error: the object has no pod template: %s",
                       kubectl_label(k->arena, m));
        return false;
    }
    v = with_images(k, v, from);
    if (!v)
        return false;
    if (value_equal(v, kubectl_manifest(m)))
        return i + 1 < n;       /* kubectl prints nothing then */
    draft = kubectl_edit(k, m, v, true);
    if (draft)
        kubectl_update(k, draft, "image updated");
    return i + 1 < n;
}

const struct verb_ops verb_set_image = {
    .name = "set image",
    .usage = "TYPE/NAME CONTAINER=IMAGE...",
    .doc = "give containers another image: what releases a new version",
    .min_words = 2,
    .check = set_image_check,
    .step = set_image_step,
};
