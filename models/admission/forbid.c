/*
 * forbid.c - the words of an admission plug-in that refuses.
 *
 * Source: apiserver pkg/admission/errors.go at v1.36.2.
 */
#include <stdarg.h>

#include "admission.h"
#include "models/world.h"

enum api_code admission_forbid(struct world *w, const struct meta *m,
                               const char **reason, const char *format, ...)
{
    va_list args;
    char *why;

    va_start(args, format);
    why = arena_vprintf(w->arena, format, args);
    va_end(args);
    *reason = arena_printf(w->arena, "%s \"%s\" is forbidden: %s",
                           kind_group_resource(w->arena, m->kind), m->name,
                           why);
    return API_FORBIDDEN;
}
