/*
 * containers.c - what verbs that change or make containers have in common.
 */
#include "kubectl_impl.h"
#include <string.h>

/* Where the containers of an object are: its template's, or a pod's own. */
static const char *path_of(const struct meta *m)
{
    return m->kind == KIND_CRONJOB
               ? "spec.jobTemplate.spec.template.spec.containers"
               : "spec.template.spec.containers";
}

/* The patch of those containers of m that `which` means; NULL, refused, if there
 * are none. */
static const struct value *patch_containers(
    struct kubectl *k, const struct meta *m, const char *which,
    const struct value *(*of)(struct kubectl *k, const char *name))
{
    const struct value *list = value_at(kubectl_manifest(m), path_of(m));
    const struct value **items;
    size_t n = 0;

    if (!list || list->type != VALUE_LIST) {
        kubectl_refuse(k, "error: the object has no pod template: %s",
                       kubectl_label(k->arena, m));
        return NULL;
    }
    items = arena_many(k->arena, const struct value *, list->len);
    for (size_t i = 0; i < list->len; i++) {
        const char *name = value_text(value_get(list->u.items[i], "name"), "");

        if (!which || strcmp(which, "*") == 0 || strcmp(which, name) == 0)
            items[n++] = of(k, name);
    }
    if (n == 0) {
        kubectl_refuse(k, "error: unable to find container named %s", which);
        return NULL;
    }
    return kubectl_patch_of(k->arena, path_of(m),
                            value_list(k->arena, items, n, NULL));
}

bool kubectl_set_containers(
    struct kubectl *k, size_t i, size_t end,
    const struct value *(*of)(struct kubectl *k, const char *name),
    const char *done)
{
    const struct target *targets;
    size_t n = kubectl_targets(k->arena, &k->c, end, &targets);
    const struct meta *m = kubectl_find(k, &targets[i]);
    const struct value *patch =
        m ? patch_containers(k, m, kubectl_flag(&k->c, "containers"), of)
          : NULL;
    struct meta *draft = patch ? kubectl_edit(k, m, patch, false) : NULL;

    if (draft)
        kubectl_update(k, draft, done);
    return i + 1 < n;
}

/* The words of the command from `from` on. */
static const struct value *words_from(struct kubectl *k, size_t from)
{
    struct arena *a = k->arena;
    size_t n = k->c.nwords - from;
    const struct value **items = arena_many(a, const struct value *, n);

    for (size_t i = 0; i < n; i++)
        items[i] = value_string(a, k->c.words[from + i], NULL);
    return value_list(a, items, n, NULL);
}

const struct value *kubectl_container(struct kubectl *k, const char *name,
                                      const char *command, size_t from)
{
    struct arena *a = k->arena;
    const char *port = kubectl_flag(&k->c, "port");
    const struct value *v = kubectl_patch_of(a, "name",
                                             value_string(a, name, NULL));
    const struct value *p;

    v = value_set(a, v, "image",
                  value_string(a, kubectl_flag(&k->c, "image"), NULL));
    if (port) {
        p = kubectl_patch_of(a, "containerPort", value_plain(a, port, NULL));
        v = value_set(a, v, "ports", value_list(a, &p, 1, NULL));
    }
    return from < k->c.nwords ? value_set(a, v, command,
                                          words_from(k, from)) : v;
}

const struct value *kubectl_object(struct kubectl *k, const char *version,
                                   enum kind kind, const char *name)
{
    struct arena *a = k->arena;
    const struct value *v = kubectl_patch_of(
        a, "apiVersion", value_string(a, version, NULL));

    v = value_set(a, v, "kind", value_string(a, kind_name(kind), NULL));
    v = value_set(a, v, "metadata.name", value_string(a, name, NULL));
    return kind_ops_of(kind)->namespaced
               ? value_set(a, v, "metadata.namespace",
                           value_string(a, k->c.space, NULL)) : v;
}

const char *kubectl_pair(struct arena *a, const char **text, char separator,
                         const char **value)
{
    const char stop[] = { separator, '\0' };
    size_t len = strcspn(*text, stop);
    const char *item = arena_strndup(a, *text, len);
    const char *equals = strchr(item, '=');

    *text += len + ((*text)[len] != '\0');
    if (!equals || equals == item)
        return NULL;
    *value = equals + 1;
    return arena_strndup(a, item, (size_t)(equals - item));
}

const struct value *kubectl_pairs(struct arena *a, const char *text,
                                  char separator)
{
    const struct value *v = value_map(a, NULL, 0, NULL);

    while (text && *text) {
        const char *value, *key = kubectl_pair(a, &text, separator, &value);

        if (key)
            v = value_set(a, v, arena_printf(a, "\"%s\"", key),
                          value_string(a, value, NULL));
    }
    return v;
}
