/* The commands: each takes parsed options and returns the exit status. */
#ifndef OCKHAM_TRAIN_COMMANDS_H
#define OCKHAM_TRAIN_COMMANDS_H

#include "options.h"
#include "session.h"

int run_study(const struct options *options);
int run_fit(const struct options *options);
int run_search(const struct options *options);
int run_evaluate(const struct options *options);
int run_predict(const struct options *options);
int run_show(const struct options *options);
int run_compact(const struct options *options);
int run_shrink(const struct options *options);
int run_best(const struct options *options);

/* The network and the settings of `best`. */
void best_recipe(struct recipe *recipe);

/* Does some work with the network of --load and the pictures, which fit it. */
int evaluate_with(const struct options *options,
                  int (*work)(const struct session *session, ock_model *model));

/* The network's figures on the set, in parts, between which a bar is drawn and Ctrl-C heeded, after
 * which they are of no use. */
ock_status evaluate(ock_model *model, const ock_dataset *set, uint32_t batch,
                    ock_evaluation *means);

/* The study's rows, in its order. */
#define STUDY_ROWS "plain, l2, l1, dropout, zca, augment, early-stop"

/* Reads "plain,l2" as bits of options.rows; false where a name is none of the study's. */
bool study_read_rows(const char *text, unsigned *rows);

#endif
