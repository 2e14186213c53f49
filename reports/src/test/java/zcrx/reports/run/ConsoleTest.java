// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zcrx.conformance.results.KernelLogMark;
import zcrx.vm.Ending;

/**
 * Consoles of guests in which something went wrong during the second test. Those of 7.3.4+deb13-amd64 were recorded
 * from a module that does these things; KASAN, lockdep, the soft lockup and 6.12 are written after the kernel's sources.
 */
class ConsoleTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            warn                       | WARNING   | WARNING: die.c:13 at zcrx_warn+0x9/0x10 [die], CPU#1: busybox/103
            warn-with-text             | WARNING   | WARNING: die.c:14 at zcrx_warn_text+0x10/0x20 [die], CPU#0: busybox/101: zcrx: niov 7 returned twice
            6.12-warn                  | WARNING   | WARNING: CPU: 1 PID: 101 at net/core/page_pool.c:1088 page_pool_disable_direct_recycling+0x70/0x80
            bug                        | BUG       | kernel BUG at die.c:15!
            list-corruption            | BUG       | kernel BUG at lib/list_debug.c:65!
            null-pointer               | OOPS      | BUG: kernel NULL pointer dereference, address: 0000000000000008
            general-protection-fault   | OOPS      | Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP NOPTI
            ubsan-bounds               | UBSAN     | UBSAN: array-index-out-of-bounds in die.c:22:44
            ubsan-shift                | UBSAN     | UBSAN: shift-out-of-bounds in die.c:24:52
            kasan                      | KASAN     | BUG: KASAN: slab-use-after-free in io_zcrx_return_niov_freelist+0x9e/0x110
            lockdep                    | LOCKDEP   | WARNING: possible circular locking dependency detected
            hung-task                  | HUNG_TASK | INFO: task busybox:101 blocked for more than 5 seconds.
            rcu-stall                  | RCU       | rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
            rcu-self-stall             | RCU       | rcu: INFO: rcu_preempt self-detected stall on CPU
            soft-lockup                | LOCKUP    | watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [java:322]
            sysrq-crash                | PANIC     | Kernel panic - not syncing: sysrq triggered crash
            truncated                  | WARNING   | WARNING: io_uring/zcrx.c:812 at io_zcrx_free_area+0x5
            """)
    void oneReport(String console, Splat.Kind kind, String title) {
        Run run = Feed.planned().console(console).finish();
        assertThat(run.splats()).singleElement().satisfies(splat -> {
            assertThat(splat.kind()).isEqualTo(kind);
            assertThat(splat.title()).isEqualTo(title);
            assertThat(splat.phase()).isEqualTo(Splat.Phase.TEST);
            assertThat(splat.test()).isEqualTo(Feed.SECOND.id());
        });
        assertThat(run.tests().get(1).status()).isEqualTo(Status.FAIL);
        assertThat(run.tests().get(1).message()).contains(title);
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            warn                    | warning:zcrx_warn<set<param_attr_store<module_attr_store<kernfs_fop_write_iter
            6.12-warn               | warning:page_pool_disable_direct_recycling<netdev_rx_queue_restart<io_close_queue
            null-pointer            | oops:zcrx_null<set<param_attr_store<module_attr_store<kernfs_fop_write_iter
            ubsan-bounds            | ubsan:zcrx_ubsan<set<param_attr_store<module_attr_store<kernfs_fop_write_iter
            kasan                   | kasan:io_zcrx_return_niov_freelist<io_zcrx_return_niov<io_zcrx_scrub<io_shutdown_zcrx_ifqs<io_ring_exit_work
            lockdep                 | lockdep:__mutex_lock<io_close_queue<io_unregister_zcrx_ifqs<__do_sys_io_uring_register
            hung-task               | hung_task:set<param_attr_store<module_attr_store<kernfs_fop_write_iter<vfs_write
            rcu-stall               | rcu:zcrx_rcu<set<param_attr_store<module_attr_store<kernfs_fop_write_iter
            scheduling-while-atomic | lockdep:msleep<zcrx_atomic<set<param_attr_store<module_attr_store
            truncated               | warning:WARNING:_io_uring/zcrx.c:N_at_io_zcrx_free_area+N
            """)
    void fingerprint(String console, String fingerprint) {
        Run run = Feed.planned().console(console).finish();
        assertThat(run.splats().getFirst().fingerprint()).isEqualTo(fingerprint);
    }

    @Test
    void aWarningAndThePanicThatFollowsAreTwoReports() {
        Run run = Feed.planned()
                .pass(Feed.FIRST.id())
                .start(Feed.SECOND.id())
                .console("panic-on-warn")
                .finish();
        assertThat(run.splats()).extracting(Splat::kind).containsExactly(Splat.Kind.WARNING, Splat.Kind.PANIC);
        assertThat(run.tests().get(1).message())
                .startsWith("kernel: WARNING: die.c:13")
                .contains("panic_on_warn set");
        assertThat(run.tests().get(2).reason()).contains("panic_on_warn set");
    }

    @Test
    void twoReportsOfOneTest() {
        Run run = Feed.planned().console("refcount").finish();
        assertThat(run.splats())
                .extracting(Splat::title)
                .satisfiesExactly(
                        first -> assertThat(first).endsWith("refcount_t: decrement hit 0; leaking memory."),
                        second -> assertThat(second).endsWith("refcount_t: underflow; use-after-free."));
    }

    @Test
    void aGuestWithoutMemorySaysNothingAboutItsKernel() {
        Run run = Feed.planned().console("out-of-memory").finish(Ending.Kind.STOPPED, "");
        assertThat(run.splats()).singleElement().extracting(Splat::kind).isEqualTo(Splat.Kind.OUT_OF_MEMORY);
        assertThat(run.tests().get(1).status()).isEqualTo(Status.BROKEN);
    }

    @Test
    void programsMayWarn() {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST)
                .start(Feed.FIRST.id())
                .log("WARNING: A restricted method in java.lang.System has been called")
                .log("[    3.1] Spectre V2 : WARNING: Unprivileged eBPF is enabled")
                .log("[    3.2] PCI: if necessary, use \"pci=nocrs\" and report a bug")
                .mark(KernelLogMark.Kind.END, Feed.FIRST.id())
                .finish();
        assertThat(run.splats()).isEmpty();
    }
}
