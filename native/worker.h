// The long-lived thread of an engine. It owns the OpenMP team; everything that oneDNN does happens on it,
// in the order of the calls, and the event loop hears of it through a thread-safe function.
#pragma once

#include <node_api.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace fovea {

/// Work for the thread, and what follows on the event loop. Destroyed there too.
struct Job {
  std::function<void()> work;
  /// Makes the promise's value.
  std::function<napi_value(napi_env)> result;
  napi_deferred deferred = nullptr;
  bool failed = false;
  std::string error;
  /// Position in the plan of the step that failed.
  int step = -1;
};

class Worker {
 public:
  Worker(napi_env env, int threads);
  ~Worker();
  int threads() const { return threads_; }
  /// A promise for the job. On the event loop only.
  napi_value submit(napi_env env, std::unique_ptr<Job> job);
  /// Lets the thread end after the jobs it has; later ones are refused.
  void stop();

 private:
  void loop();
  static void onDone(napi_env env, napi_value, void *context, void *data);
  static void onExit(void *self);
  void join();

  napi_env env_;
  int threads_;
  napi_threadsafe_function notify_ = nullptr;
  size_t pending_ = 0;
  bool hooked_ = false, closed_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job *> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fovea
