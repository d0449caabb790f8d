/** @file
 * Search for good settings: grids, random points and successive halving, by cross-validation or a
 * held-out set. All trials share one data set and the context's compiled programs. */
#ifndef OCKHAM_SEARCH_H
#define OCKHAM_SEARCH_H

#include <ockham/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Points ---- */

/** Where an axis's values come from, with u uniform in [0, 1). */
typedef enum ock_axis_kind {
    OCK_AXIS_VALUES,      /**< those of a list: a grid takes each, a random point any of them */
    OCK_AXIS_UNIFORM,     /**< low + (high - low) u; of random points only, as the next one */
    OCK_AXIS_LOG_UNIFORM, /**< low (high / low)^u */
} ock_axis_kind;

/** A setting and the values it may take. */
typedef struct ock_search_axis {
    const char *name;     /**< no two axes have the same */
    ock_axis_kind kind;   /**< which of the next fields count */
    const double *values; /**< OCK_AXIS_VALUES: finite; count >= 1 */
    size_t count;         /**< of the values */
    double low;           /**< the others: finite; log-uniform: > 0 */
    double high;          /**< the others: finite, > low */
} ock_search_axis;

/* ---- Trials ---- */

/** A point's runs, of one rung. Each run is a network and a fit of its own: seed s of fold f is run
 * s folds + f. */
typedef struct ock_trial {
    size_t point;     /**< from 0 */
    uint32_t rung;    /**< from 0 */
    size_t axes;      /**< of the search */
    size_t runs;      /**< seeds times folds */
    double *values;   /**< of the axes */
    double *scores;   /**< of the runs; NaN: it diverged or did not begin */
    double mean;      /**< of the scores; NaN where one is */
    double deviation; /**< with runs - 1; NaN where mean is, and of a single run */
    uint64_t epochs;  /**< of all runs, in this rung */
    double seconds;   /**< in this rung */
    /** OCK_OK; OCK_DIVERGED or OCK_OUT_OF_MEMORY, after which the trial's other runs did not begin
     */
    ock_status status;
} ock_trial;

/** The trials so far; zeros to begin with, then ock_search_results_clear()'s to free. */
typedef struct ock_search_results {
    ock_trial *trials; /**< as they ended */
    size_t count;      /**< of the trials */
} ock_search_results;

/** Adds a copy: for what an earlier search left behind. Errors: OCK_INVALID_ARGUMENT (a NULL),
 * OCK_OUT_OF_MEMORY. */
OCK_API ock_status ock_search_results_add(ock_search_results *results, const ock_trial *trial);

/** Frees what is there; NULL is allowed. */
OCK_API void ock_search_results_clear(ock_search_results *results);

/* ---- The search ---- */

/** What to search, and how. */
typedef struct ock_search_options ock_search_options;

/** Makes the network of a point, without weights, and changes *fit, which comes with the defaults
 * and the search's epochs. The network is the search's. What *fit points to must stay until the
 * next call or the search's end. fit's checkpoint, on_epoch, on_step and validation_split are not
 * used; on_failover gets the search's user. Another status than OCK_OK ends the search with it. */
typedef ock_status (*ock_search_make)(const double *values, ock_context *context, ock_model **model,
                                      ock_fit *fit, void *user);

/** Where a search is. */
typedef struct ock_search_progress {
    size_t trial;    /**< of this rung; from 1 */
    size_t trials;   /**< of this rung */
    uint32_t rung;   /**< from 0 */
    uint32_t rungs;  /**< of the search */
    size_t point;    /**< the trial's; from 0 */
    size_t run;      /**< of the trial; from 0 */
    size_t runs;     /**< of each trial */
    uint32_t epoch;  /**< of this fit; from 1 */
    uint32_t epochs; /**< of this fit */
    uint64_t step;   /**< of the epoch; from 1 */
    uint64_t steps;  /**< of the epoch */
} ock_search_progress;

/** As ock_search_defaults() fills it. */
struct ock_search_options {
    const ock_search_axis *axes; /**< no two of one name */
    size_t axis_count;           /**< >= 1 */
    size_t points;  /**< random ones; 0: the grid of all values, the last axis the fastest */
    uint64_t seed;  /**< of random points and folds */
    uint32_t seeds; /**< runs of each point, with fit.seed, fit.seed + 1 ...; 1..65535 */
    uint32_t folds; /**< of cross-validation; 0: none; 2..rows */
    float validation_split; /**< as in ock_fit; one of this, folds and a validation set at most */
    const char *score;      /**< what is compared, as early stopping's monitor */
    ock_mode mode;          /**< which scores are better */
    uint32_t epochs;      /**< that make() gets in fit.epochs; halving: of the last rung, always */
    uint32_t halving;     /**< eta: in each rung the best 1/eta go on; 0: no halving; >= 2 */
    ock_search_make make; /**< a point's network */
    /** Called after each step has been enqueued; false stops the search, which then ends with
     * OCK_OK. A trial that has not ended is not recorded. May be NULL. */
    bool (*on_step)(const ock_search_progress *progress, void *user);
    /** Called after each trial; otherwise as on_step. */
    bool (*on_trial)(const ock_search_results *results, void *user);
    void *user; /**< what the three get */
};

/** One seed, "val_accuracy", one epoch, no halving, a validation_split of 0.3; neither axes nor
 * make. */
OCK_API ock_search_options ock_search_defaults(void);

/** Whether a search of `rows` rows, with or without a validation set, takes these options: for code
 * that would know before it begins. Error: OCK_INVALID_ARGUMENT; the message names the axis or the
 * option, and its range. */
OCK_API ock_status ock_search_check(ock_context *context, const ock_search_options *options,
                                    size_t rows, bool has_valid);

/* The rest is of options that ock_search_check() takes. */

/** How many points there are: options.points, or the grid's. */
OCK_API size_t ock_search_points(const ock_search_options *options);

/** The values of a point, one for each axis. Random point p takes for axis a the draw at counter
 * (a, p, 0, OCK_PURPOSE_SEARCH), so it is the same whatever ran before: with r words 0 and 1 as its
 * high and low half, u = floor(r / 2^11) 2^-53, and of values the one at r mod count. */
OCK_API void ock_search_point(const ock_search_options *options, size_t point, double *values);

/** Successive halving (Jamieson and Talwalkar 2016): rung k has floor(n / eta^k) of the n points
 * and trains them up to floor(epochs eta^(k - K)) epochs in all, K = floor(min(log_eta n, log_eta
 * epochs)) being the last rung. One rung of all points without halving. */
OCK_API uint32_t ock_search_rungs(const ock_search_options *options);

/** The points of a rung, and the epochs to which it trains them. */
OCK_API void ock_search_rung(const ock_search_options *options, uint32_t rung, size_t *points,
                             uint32_t *epochs);

/** Fills order, of results.count, with positions of the trials, the best first: later rungs before
 * earlier ones, then by the mean, those without one last, then by the point. */
OCK_API void ock_search_sort(const ock_search_options *options, const ock_search_results *results,
                             size_t *order);

/** Runs the trials, rung by rung and by their points, and adds each to results. Those that are
 * there already are not run again, so a search that was ended goes on.
 *
 * A run's score is that of the epoch whose weights it ends with: the last one, or early stopping's
 * best where they are restored. Folds are parts of one shuffle of the rows (that of ock_model_fit()
 * with layer 1 and OCK_PURPOSE_SEARCH in the counter, epoch 0): fold f validates on [f n / folds,
 * (f + 1) n / folds) of it. Neither they nor the split copy samples.
 *
 * A later rung goes on with a trial's networks, moments and counts as a second fit does: schedules
 * go on, while early stopping and a plateau begin anew. The networks of those that may go on are
 * kept on the device, floor(n / eta) points' at most; a rung that was ended is taken up by training
 * again the epochs of those before, to the same scores. swa_from_epoch must be 0 then.
 *
 * With fit.failover a fit's device that fails, or has no memory for it, is left for the rest of the
 * search: what was kept there is trained again on the next one. The sets stay, but for a train that
 * is itself a selection where there are folds.
 *
 * valid may be NULL. Waits. Errors: those of ock_search_check(), ock_model_fit() and make(), but
 * OCK_DIVERGED and OCK_OUT_OF_MEMORY, which a trial records; OCK_INVALID_ARGUMENT where results
 * have a trial that is none of this search. What was done is in results. */
OCK_API ock_status ock_search(const ock_dataset *train, const ock_dataset *valid,
                              const ock_search_options *options, ock_search_results *results);

#ifdef __cplusplus
}
#endif
#endif
