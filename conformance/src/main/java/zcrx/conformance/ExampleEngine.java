// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import org.junit.platform.engine.EngineDiscoveryRequest;
import org.junit.platform.engine.EngineExecutionListener;
import org.junit.platform.engine.ExecutionRequest;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestEngine;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.descriptor.AbstractTestDescriptor;
import org.junit.platform.engine.support.descriptor.EngineDescriptor;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.opentest4j.TestAbortedException;

/**
 * Runs examples that Jupiter found when the suite was built, as Jupiter would: each on an instance of its own. It knows
 * nothing of set-up methods or parameters, which no example has: the fixtures are opened where they are used.
 */
final class ExampleEngine implements TestEngine {
    private final List<ListedTest> tests;

    ExampleEngine(List<ListedTest> tests) {
        this.tests = tests;
    }

    @Override
    public String getId() {
        return "zcrx-examples";
    }

    @Override
    public TestDescriptor discover(EngineDiscoveryRequest request, UniqueId id) {
        var engine = new EngineDescriptor(id, "examples");
        for (ListedTest test : tests) {
            engine.addChild(new Example(id.append("test", test.className() + "." + test.method()), test));
        }
        return engine;
    }

    @Override
    public void execute(ExecutionRequest request) {
        TestDescriptor engine = request.getRootTestDescriptor();
        EngineExecutionListener listener = request.getEngineExecutionListener();
        listener.executionStarted(engine);
        for (TestDescriptor child : engine.getChildren()) {
            listener.executionStarted(child);
            listener.executionFinished(child, ((Example) child).run());
        }
        listener.executionFinished(engine, TestExecutionResult.successful());
    }

    private static final class Example extends AbstractTestDescriptor {
        private final ListedTest test;

        Example(UniqueId id, ListedTest test) {
            super(id, test.sentence(), MethodSource.from(test.className(), test.method()));
            this.test = test;
        }

        @Override
        public Type getType() {
            return Type.TEST;
        }

        TestExecutionResult run() {
            try {
                Class<?> type = Class.forName(test.className());
                Constructor<?> constructor = type.getDeclaredConstructor();
                Method method = type.getDeclaredMethod(test.method());
                constructor.setAccessible(true);
                method.setAccessible(true);
                method.invoke(constructor.newInstance());
                return TestExecutionResult.successful();
            } catch (InvocationTargetException e) {
                Throwable thrown = e.getCause();
                return thrown instanceof TestAbortedException
                        ? TestExecutionResult.aborted(thrown)
                        : TestExecutionResult.failed(thrown);
            } catch (ReflectiveOperationException e) {
                return TestExecutionResult.failed(e);
            }
        }
    }
}
