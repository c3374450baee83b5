/*
 * set_resources.c - kubectl set resources: change requests and limits.
 */
#include "kubectl_impl.h"
#include <string.h>
#include "base/units.h"

static const struct kubectl_flag set_resources_flags[] = {
    { "limits", 0, KUBECTL_TEXT, "cpu=200m,memory=512Mi" },
    { "requests", 0, KUBECTL_TEXT, "cpu=100m,memory=256Mi" },
    { "containers", 'c', KUBECTL_TEXT, "which; * for all, the default" },
    { NULL, 0, KUBECTL_SWITCH, NULL },
};

/* Read "cpu=1,memory=2Gi" into a map; NULL, with *why, if it is not so. */
static const struct value *read_list(struct arena *a, const char *text,
                                     const char **why)
{
    const struct value *v = value_map(a, NULL, 0, NULL);

    while (*text) {
        size_t len = strcspn(text, ",");
        const char *item = arena_strndup(a, text, len);
        const char *equals = strchr(item, '=');
        struct quantity q;

        if (!equals || !parse_quantity(equals + 1, &q, NULL)) {
            *why = arena_printf(a, "invalid resource \"%s\": write "
                                "cpu=200m,memory=512Mi", item);
            return NULL;
        }
        v = value_set(a, v, arena_strndup(a, item, (size_t)(equals - item)),
                      value_string(a, equals + 1, NULL));
        text += len + (text[len] == ',');
    }
    return v;
}

static const char *set_resources_check(struct arena *a,
                                       const struct kubectl_command *c)
{
    const char *limits = kubectl_flag(c, "limits");
    const char *requests = kubectl_flag(c, "requests");
    const char *why = NULL;

    if (!limits && !requests)
        return "you must specify an update to requests or limits (in the form "
               "of --requests/--limits)";
    if (limits)
        read_list(a, limits, &why);
    if (requests && !why)
        read_list(a, requests, &why);
    return why;
}

/* The patch of one container. */
static const struct value *of_container(struct kubectl *k, const char *name)
{
    struct arena *a = k->arena;
    const char *limits = kubectl_flag(&k->c, "limits");
    const char *requests = kubectl_flag(&k->c, "requests"), *why;
    const struct value *v = kubectl_patch_of(a, "name",
                                             value_string(a, name, NULL));

    if (limits)
        v = value_set(a, v, "resources.limits", read_list(a, limits, &why));
    if (requests)
        v = value_set(a, v, "resources.requests",
                      read_list(a, requests, &why));
    return v;
}

static bool set_resources_step(struct kubectl *k, size_t i)
{
    return kubectl_set_containers(k, i, k->c.nwords, of_container,
                                  "resource requirements updated");
}

const struct verb_ops verb_set_resources = {
    .name = "set resources",
    .usage = "TYPE/NAME [-c CONTAINER] --limits=LIST --requests=LIST",
    .doc = "change what containers request and are limited to",
    .flags = set_resources_flags,
    .min_words = 1,
    .check = set_resources_check,
    .step = set_resources_step,
};
