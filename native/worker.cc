#include "worker.h"

#include <dnnl.hpp>
#include <omp.h>

#include "plan.h"

namespace fovea {

Worker::Worker(napi_env env, int threads) : env_(env), threads_(threads) {
  napi_value name;
  napi_create_string_utf8(env, "fovea-onednn", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, onDone, &notify_);
  napi_unref_threadsafe_function(env, notify_);
  // Registered after the function above, so that it runs before that is torn down.
  napi_add_env_cleanup_hook(env, onExit, this);
  hooked_ = true;
  thread_ = std::thread([this] { loop(); });
}

Worker::~Worker() {
  if (hooked_) napi_remove_env_cleanup_hook(env_, onExit, this);
  join();
}

void Worker::join() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::onExit(void *self) {
  auto *worker = static_cast<Worker *>(self);
  worker->hooked_ = false;
  worker->join();
}

void Worker::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (closed_) return;
  closed_ = true;
  if (hooked_ && pending_ == 0) napi_unref_threadsafe_function(env_, notify_);
}

napi_value Worker::submit(napi_env env, std::unique_ptr<Job> job) {
  napi_value promise;
  napi_create_promise(env, &job->deferred, &promise);
  if (closed_) {
    napi_value message, error;
    napi_create_string_utf8(env, "the engine is closed", NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &error);
    napi_reject_deferred(env, job->deferred, error);
    return promise;
  }
  if (pending_++ == 0) napi_ref_threadsafe_function(env, notify_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(job.release());
  }
  wake_.notify_one();
  return promise;
}

void Worker::loop() {
  omp_set_num_threads(threads_);
  for (;;) {
    Job *job = nullptr;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) break;
      job = queue_.front();
      queue_.pop_front();
    }
    try {
      job->work();
    } catch (const PlanError &e) {
      job->failed = true;
      job->error = e.what();
      job->step = e.step;
    } catch (const dnnl::error &e) {
      job->failed = true;
      job->error = std::string("oneDNN: ") + e.what();
    } catch (const std::bad_alloc &) {
      job->failed = true;
      job->error = "not enough memory";
    } catch (const std::exception &e) {
      job->failed = true;
      job->error = e.what();
    }
    if (napi_call_threadsafe_function(notify_, job, napi_tsfn_nonblocking) != napi_ok) return;
  }
  napi_release_threadsafe_function(notify_, napi_tsfn_release);
}

void Worker::onDone(napi_env env, napi_value, void *context, void *data) {
  const std::unique_ptr<Job> job(static_cast<Job *>(data));
  if (env == nullptr) return;
  auto *worker = static_cast<Worker *>(context);
  if (!job->failed) {
    napi_value value = nullptr;
    try {
      value = job->result(env);
    } catch (const std::exception &e) {
      job->failed = true;
      job->error = e.what();
    }
    if (!job->failed) {
      if (value == nullptr) napi_get_undefined(env, &value);
      napi_resolve_deferred(env, job->deferred, value);
    }
  }
  if (job->failed) {
    napi_value message, error, step;
    napi_create_string_utf8(env, job->error.c_str(), NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &error);
    napi_create_int32(env, job->step, &step);
    napi_set_named_property(env, error, "step", step);
    napi_reject_deferred(env, job->deferred, error);
  }
  if (--worker->pending_ == 0 && !worker->closed_) napi_unref_threadsafe_function(env, worker->notify_);
}

}  // namespace fovea
