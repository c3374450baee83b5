/*
 * registry.c - the table of strategies, from include/models/strategies.list.
 */
#include "models/strategy.h"
#include <string.h>
#include "base/bug.h"

static const struct strategy_ops *const strategies[] = {
#define STRATEGY(id) &strategy_##id,
#include "models/strategies.list"
#undef STRATEGY
};

const struct strategy_ops *const *strategy_table(size_t *n)
{
    *n = COUNT_OF(strategies);
    return strategies;
}

const struct strategy_ops *strategy_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(strategies); i++)
        if (strcmp(strategies[i]->name, name) == 0)
            return strategies[i];
    return NULL;
}
